extension Checkpoint {
    /// Opens a GGUF file; any part of a split one names the whole. Throws `CheckpointError`.
    init(gguf path: String) throws {
        let files = try GGUFFiles(path: path)
        let configuration = try ModelConfiguration(gguf: files.metadata, tensors: files.tensors, unread: files.unread)
        var tensors = try Self.resolve(
            configuration, tensors: files.tensors, path: path, name: \.ggufName,
            isIgnored: { $0 == ModelConfiguration.divisorsName })
        if configuration.architecture == .llama {
            for case .layer(let layer, let tensor) in tensors.keys where tensor.isRotated {
                tensors[.layer(layer, tensor)]?.rowOrder = .halvesTakeTurns(headDim: configuration.headDim)
            }
        }
        let tokenizer = try EmbeddedTokenizer(files.metadata, vocabulary: configuration.vocabularySize)
        var fingerprint = Fingerprint()
        for file in files.files {
            fingerprint.add(file.file.bytes[file.headerRange])
            fingerprint.add(file.file.bytes.count)
        }
        self.init(
            path: path, configuration: configuration, tensors: tensors, endOfTextTokens: tokenizer.endOfTextTokens,
            tokenizer: tokenizer, fingerprint: fingerprint,
            fileByteCount: files.files.reduce(0) { $0 + $1.file.bytes.count })
    }
}
