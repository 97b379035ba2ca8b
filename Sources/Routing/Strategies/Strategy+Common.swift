extension Strategy {
    /// Takes the parameters that any strategy knows, and adds the parts that they ask for.
    ///
    /// - Throws: ``SpecificationError`` under a parameter.
    mutating func takeCommonOptions(_ reader: inout ParameterReader) throws(SpecificationError) {
    }
}
