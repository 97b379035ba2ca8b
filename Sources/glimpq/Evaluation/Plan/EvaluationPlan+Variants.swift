import Routing

extension EvaluationPlan {
    /// The variants of the plan: an entry with a sweep or with targets stands for several.
    static func variants(
        _ fields: inout JobFields, _ bytes: [UInt8], hasCalibration: Bool
    ) throws(LineFault) -> [EvaluationVariant] {
        guard let node = fields.node("variants"), case .array(let elements) = node.value else {
            throw LineFault("variants", "expected an array of objects with strategy, got nothing")
        }
        var variants: [EvaluationVariant] = []
        for (index, element) in elements.enumerated() {
            let place = "variants[\(index)]"
            guard case .object(let members) = element.value else {
                throw LineFault(place, expected: "an object with strategy", got: element)
            }
            var part = JobFields(members, line: bytes, prefix: place + ".")
            variants += try entry(&part, place: place)
            try part.finish()
        }
        if let variant = variants.first(where: { $0.target != nil }), !hasCalibration {
            throw LineFault(
                "\(variant.place).target_llm_share", "needs calibration.dataset, the problems to find thresholds on")
        }
        return variants
    }

    private static func entry(_ part: inout JobFields, place: String) throws(LineFault) -> [EvaluationVariant] {
        guard let strategy = try part.text("strategy") else {
            throw LineFault(
                "\(place).strategy", "expected one of \(Strategy.names.joined(separator: ", ")), got nothing")
        }
        let name = try part.text("name")
        let params = try Self.params(&part, "params")
        let described = params.map { "\($0.name)=\($0.value.replacing("\"", with: ""))" }
        let base = EvaluationVariant(
            name: name ?? ([strategy] + described).joined(separator: " "), strategy: strategy, params: params,
            place: place)
        let sweep = try part.object("sweep")
        let targets = try self.targets(&part, strategy: strategy, place: place)
        guard sweep == nil || targets.isEmpty else {
            throw LineFault(place, "expected either sweep or target_llm_share, got both")
        }
        if let sweep { return try swept(base, sweep.node) }
        if targets.isEmpty { return [base] }
        return targets.map { target in
            var variant = base
            let tenths = (target.share * 1000).rounded()
            variant.name += " at " + Figures.percent(target.share, tenths.remainder(dividingBy: 10) == 0 ? 0 : 1)
            variant.target = target
            return variant
        }
    }

    /// One variant for each value of one parameter.
    private static func swept(_ base: EvaluationVariant, _ node: JSONNode) throws(LineFault) -> [EvaluationVariant] {
        guard case .object(let members) = node.value, members.count == 1, let (name, values) = members.first,
            case .array(let elements) = values.value, !elements.isEmpty
        else {
            throw LineFault("\(base.place).sweep", "expected one parameter with an array of its values")
        }
        return elements.map { element in
            let value = CanonicalJSON.text(element)
            var variant = base
            variant.name += " \(name)=\(value.replacing("\"", with: ""))"
            variant.params.append((name, value))
            return variant
        }
    }

    private static func targets(
        _ part: inout JobFields, strategy: String, place: String
    ) throws(LineFault) -> [ShareTarget] {
        let key = "\(place).target_llm_share"
        let node = part.node("target_llm_share")
        let unitName = try part.text("share_of")
        var range = ThresholdRange.usual(strategy: strategy)
        if let own = try part.object("threshold") { range = try self.range(own.node, part.line, place: place) }
        guard let node else { return [] }
        let elements: [JSONNode] = if case .array(let list) = node.value { list } else { [node] }
        guard let range else {
            throw LineFault(
                key,
                "the threshold of \(strategy) is not known; give \"threshold\": {\"parameter\", \"low\", \"high\", \"rising\"}"
            )
        }
        var unit = range.unit
        if let unitName {
            guard let known = ShareTarget.Unit(rawValue: unitName) else {
                throw LineFault("\(place).share_of", "expected steps or tokens, got \(unitName.debugDescription)")
            }
            unit = known
        }
        var targets: [ShareTarget] = []
        for element in elements {
            guard case .number(let digits) = element.value, let share = Double(digits), (0...1).contains(share) else {
                throw LineFault(key, expected: "a share in 0...1, or an array of them", got: element)
            }
            targets.append(ShareTarget(share: share, unit: unit, range: range))
        }
        return targets
    }

    private static func range(
        _ node: JSONNode, _ bytes: [UInt8], place: String
    ) throws(LineFault) -> ThresholdRange {
        guard case .object(let members) = node.value else {
            throw LineFault("\(place).threshold", "expected an object")
        }
        var part = JobFields(members, line: bytes, prefix: "\(place).threshold.")
        guard let parameter = try part.text("parameter"), let low = try part.number("low"),
            let high = try part.number("high"), low < high
        else {
            throw LineFault("\(place).threshold", "expected parameter, low and a greater high")
        }
        var isRising = false
        if let node = part.node("rising") {
            guard case .boolean(let value) = node.value else {
                throw LineFault("\(place).threshold.rising", expected: "true or false", got: node)
            }
            isRising = value
        }
        let origin = try part.number("origin")
        try part.finish()
        return ThresholdRange(parameter: parameter, low: low, high: high, isRising: isRising, origin: origin)
    }
}
