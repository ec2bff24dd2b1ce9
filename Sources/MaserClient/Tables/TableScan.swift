/// The rows of a key range, in key order, fetched a page at a time while they are read.
///
/// All pages are of the version that served when the scan began; each shows the moment in which it was fetched. Where that
/// version is dropped before the scan has ended, it ends with the error `versionGone`: begin anew.
public struct TableScan<Element: Decodable & Sendable>: AsyncSequence, Sendable {
    public typealias Failure = ClientError

    let client: Client
    let table: String
    let prefix: [ColumnContent]
    let from: [ColumnContent]?
    let to: [ColumnContent]?
    let reverse: Bool
    let limit: Int?
    let options: ReadOptions

    /// The same rows by the page, with each page's freshness and version.
    public var pages: TablePages<Element> { TablePages(scan: self) }

    public func makeAsyncIterator() -> Iterator {
        Iterator(pages: TablePages<Element>.Iterator(scan: self, wantsFreshness: false))
    }

    public struct Iterator: AsyncIteratorProtocol {
        var pages: TablePages<Element>.Iterator
        private var rows: [Row] = []
        private var position = 0

        init(pages: TablePages<Element>.Iterator) {
            self.pages = pages
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(ClientError) -> Element? {
            while position == rows.count {
                guard let page = try await pages.nextRows(isolation: actor) else { return nil }
                (rows, position) = (page.value, 0)
            }
            defer { position += 1 }
            return try RowDecoder.decode(Element.self, from: rows[position])
        }

        public mutating func next() async throws(ClientError) -> Element? {
            try await next(isolation: nil)
        }
    }
}
