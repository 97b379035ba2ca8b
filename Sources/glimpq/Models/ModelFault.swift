import Checkpoints
import Engine
import Foundation
import Tokenization

/// Why a model cannot be shown: every reason that can be found.
struct ModelFault: Error {
    /// The model.
    let name: String
    /// Where it is.
    let path: String
    /// One sentence each.
    let reasons: [String]
    /// Whether the files are sound and ask for something that is not computed.
    let isUnsupported: Bool

    /// - Parameter error: What opening the model threw. A folder's tokenizer and template are looked at all the same.
    init(name: String, path: String, entry: ModelPoolDescription.Model?, error: any Error) {
        self.name = name
        self.path = path
        var errors: [any Error] = [error]
        if error is CheckpointError, FileManager.default.fileExists(atPath: path + "/tokenizer.json") {
            do {
                let tokenizer = try Tokenizer(
                    contentsOf: URL(fileURLWithPath: path).appendingPathComponent("tokenizer.json"))
                _ = try entry?.template.map(PromptTemplate.init(named:)) ?? PromptTemplate(detectedIn: tokenizer)
            } catch {
                errors.append(error)
            }
        }
        reasons = errors.flatMap { error in
            if case CheckpointError.several(let errors) = error { return errors.map(\.description) }
            return [Ending(of: error).sentence]
        }
        isUnsupported = errors.allSatisfy { error in
            switch error {
            case let error as CheckpointError: error.code == "checkpoint_unsupported"
            case let error as TokenizerError: error.code == "tokenizer_unsupported"
            default: false
            }
        }
    }

    /// One JSON object.
    func json(isNamed: Bool) -> String {
        JSONText.object(
            (isNamed ? [("name", JSONText.string(name))] : []) + [
                ("path", JSONText.string(path)), ("supported", "false"),
                ("reasons", JSONText.array(reasons.map(JSONText.string))),
            ])
    }
}
