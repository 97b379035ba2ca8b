/// What a `NOTIFY` says.
public struct Notification: Sendable, Hashable {
    /// The channel.
    public var channel: String
    /// The text that was sent along; empty if there was none.
    public var payload: String

    /// Creates a notification.
    public init(channel: String, payload: String) {
        self.channel = channel
        self.payload = payload
    }
}
