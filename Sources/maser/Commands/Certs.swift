internal import ArgumentParser
internal import MaserClient
internal import RPC

struct Certs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a development CA, a server and client certificates.",
        discussion: """
            A CA that is in DIR stays and signs the new certificates. They are for trying Maser out, and for loopback \
            unless --host names other hosts; real ones come from wherever your certificates come from.

              maser certs certs
              maser certs certs --host maser.example.com --host 10.0.0.7
              maser certs certs --client web-1 --client spiffe://example.com/feeder --days 30

            With --client only those certificates are made; the name is what grants (maser serve --help) know the \
            client by.
            """)

    @Argument(help: "The folder to write ca.pem, server.pem, server.key, client.pem and client.key into.")
    var directory: String

    @Option(name: .customLong("host"), help: "A name or address that the server is reached by; may be given again.")
    var hosts: [String] = []

    @Option(
        name: .customLong("client"),
        help: "Make a certificate for a client of this name, a URI, e-mail address or plain name; may be given again.")
    var clients: [String] = []

    @Option(help: "How many days the certificates are good for; by default 365.")
    var days: Int?

    @Option(help: "How many hours instead, for short-lived ones.")
    var hours: Int?

    @Flag(help: "Make a new certificate although there is one of a --client.")
    var replace = false

    @Flag(help: "Make a new CA although there is one: nothing that the old one signed is trusted after that.")
    var replaceCa = false

    mutating func validate() throws {
        guard clients.isEmpty || (hosts.isEmpty && !replaceCa) else {
            throw ValidationError("--client makes clients' certificates alone: leave --host and --replace-ca out")
        }
        guard days == nil || hours == nil else { throw ValidationError("give --days or --hours, not both") }
        guard (1...36_500).contains(days ?? 1), (1...876_000).contains(hours ?? 1) else {
            throw ValidationError("a certificate is good for an hour at least, and for a hundred years at most")
        }
    }

    mutating func run() throws {
        let hour = DevelopmentCertificates.Subject.hour
        let seconds = hours.map { $0 * hour } ?? (days ?? 365) * 24 * hour
        let files =
            clients.isEmpty
            ? try DevelopmentCertificates.write(
                to: directory, hosts: DevelopmentCertificates.serverHosts + hosts, replacingCA: replaceCa,
                seconds: seconds)
            : try DevelopmentCertificates.writeClients(
                clients, to: directory, replacing: replace, seconds: seconds)
        for file in files { Output.standard.line("\(file)") }
    }
}
