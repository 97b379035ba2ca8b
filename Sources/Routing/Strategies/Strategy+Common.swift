extension Strategy {
    /// Takes the parameters that any strategy knows, and adds the parts that they ask for.
    ///
    /// - Throws: ``SpecificationError`` under a parameter.
    mutating func takeCommonOptions(_ reader: inout ParameterReader) throws(SpecificationError) {
        if let speculation = try Speculation(&reader) { speculate(speculation) }
        if let exit = try TrialExit(&reader, isConfirmed: owners == [.slm, .llm]) { earlyExit = exit }
        try takeDrift(&reader)
    }
}
