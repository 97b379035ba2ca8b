internal import CKernels

/// Widens elements of a file, possibly unaligned, to float32.
public func widened(_ source: UnsafeRawBufferPointer, format: ElementFormat) -> [Float] {
    let count = source.count / format.blockBytes * format.blockElements
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        if count > 0, let target = buffer.baseAddress, let bytes = source.baseAddress {
            gq_widen(target, bytes, format.code, count)
        }
        initialized = count
    }
}
