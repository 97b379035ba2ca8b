/// The id of one token in a model's vocabulary, as `tokenizer.json` and the rows of the embedding number it.
public typealias TokenID = Int32
