package import RPC

extension Client {
    /// The server's status with hot keys in clear, for those who administer tables.
    package func statusRevealingKeys() async throws(ClientError) -> WireStatusResponse {
        var request = WireStatusRequest()
        request.reveal = true
        return try await ask(.status, request)
    }
}
