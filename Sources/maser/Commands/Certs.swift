internal import ArgumentParser
internal import MaserClient
internal import RPC

struct Certs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a development CA, a server and a client certificate.",
        discussion: """
            A CA that is in DIR stays and signs the new certificates. They are for trying Maser out, and for loopback \
            unless --host names other hosts; real ones come from wherever your certificates come from.

              maser certs certs
              maser certs certs --host maser.example.com --host 10.0.0.7
            """)

    @Argument(help: "The folder to write ca.pem, server.pem, server.key, client.pem and client.key into.")
    var directory: String

    @Option(name: .customLong("host"), help: "A name or address that the server is reached by; may be given again.")
    var hosts: [String] = []

    @Flag(help: "Make a new CA although there is one: nothing that the old one signed is trusted after that.")
    var replaceCa = false

    mutating func run() throws {
        let files = try DevelopmentCertificates.write(
            to: directory, hosts: DevelopmentCertificates.serverHosts + hosts, replacingCA: replaceCa)
        for file in files { Output.standard.line(file) }
    }
}
