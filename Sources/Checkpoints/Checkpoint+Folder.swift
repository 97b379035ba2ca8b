extension Checkpoint {
    /// Opens a folder with `config.json` and safetensors files. Throws `CheckpointError`.
    init(folder: String) throws {
        let configFile = try MappedFile(path: "\(folder)/config.json")
        let config = try JSONObject(file: configFile)
        let configuration = try ModelConfiguration(config: config)
        let files = try TensorFiles(directory: folder)
        // Checkpoints saved without their output head lack the prefix.
        let prefix = files.tensors["model.embed_tokens.weight"] != nil ? "model." : ""
        let tensors = try Self.resolve(
            configuration, tensors: files.tensors, path: folder,
            name: { $0 == .outputHead ? $0.name : prefix + $0.name },
            // Old files carry the rotary table, tied ones sometimes a second copy of the embedding.
            isIgnored: { $0.hasSuffix(".rotary_emb.inv_freq") || $0 == TensorRole.outputHead.name })
        var fingerprint = Fingerprint()
        fingerprint.add(configFile.bytes)
        for file in files.files {
            fingerprint.add(file.file.bytes[file.headerRange])
            fingerprint.add(file.file.bytes.count)
        }
        self.init(
            path: folder, configuration: configuration, tensors: tensors,
            endOfTextTokens: try Self.endOfText(config, folder: folder, vocabulary: configuration.vocabularySize),
            tokenizer: nil, fingerprint: fingerprint,
            fileByteCount: files.files.reduce(0) { $0 + $1.file.bytes.count })
    }

    private static func endOfText(_ config: JSONObject, folder: String, vocabulary: Int) throws -> [Int32] {
        let key = "eos_token_id"
        var tokens = try config.integers(key, in: 0...vocabulary - 1)
        let generation = "\(folder)/generation_config.json"
        if MappedFile.exists(generation) {
            tokens = try JSONObject(file: MappedFile(path: generation)).integers(key, in: 0...vocabulary - 1) ?? tokens
        }
        return Set(tokens ?? []).sorted().map(Int32.init)
    }
}
