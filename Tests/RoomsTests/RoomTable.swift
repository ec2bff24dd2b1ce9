// DESIGN section 3, as data. To loosen a line here is to move a wall: it takes the same agreement.

/// What each room may import of Maser's own; packages from outside are free.
struct RoomTable {
    /// Rooms by name, each with the rooms and C modules that it may import.
    var allowed: [String: Set<String>]
    /// Which room wraps a C module: it alone imports it.
    var wrappers: [String: String]

    var names: Set<String> { Set(allowed.keys).union(wrappers.keys) }

    static let maser = RoomTable(
        allowed: [
            "Bytes": ["CXXHash"],
            "Monoids": ["Bytes"],
            "Records": ["Bytes", "CSimdJSON"],
            "Expressions": ["Records", "Bytes"],
            "RocksDB": ["CRocksDB"],
            "Catalog": ["Expressions", "Records", "Monoids", "RocksDB", "Bytes"],
            "Categories": ["Catalog", "Records", "RocksDB", "Bytes", "CCompression"],
            "Tables": ["Catalog", "Expressions", "Records", "Monoids", "RocksDB", "Bytes"],
            "Processors": ["Categories", "Tables", "Catalog", "Expressions", "Records", "Monoids", "Bytes"],
            "SQL": ["Catalog", "Expressions", "Records", "Monoids", "Bytes"],
            "BulkLoad": [
                "Processors", "Tables", "Categories", "Catalog", "Records", "Monoids", "RocksDB", "Bytes", "CArrow",
                "CInflate",
            ],
            "RPC": ["Bytes", "COpenSSL"],
            "Operations": [],
            "Server": [
                "RPC", "Operations", "BulkLoad", "SQL", "Processors", "Tables", "Categories", "Catalog", "Expressions",
                "Records", "Monoids", "RocksDB", "Bytes",
            ],
            "MaserClient": ["RPC", "Records", "Bytes"],
            "maser": ["Server", "MaserClient", "SQL", "BulkLoad", "Processors", "RPC", "Catalog", "Records", "Bytes"],
            "maser-drive": ["RPC", "Bytes", "CEpoll"],
        ],
        wrappers: [
            "CXXHash": "Bytes",
            "CSimdJSON": "Records",
            "CRocksDB": "RocksDB",
            "CCompression": "Categories",
            "COpenSSL": "RPC",
            "CArrow": "BulkLoad",
            "CInflate": "BulkLoad",
            "CEpoll": "maser-drive",
        ])
}
