internal import Foundation

/// What the system says of an error, without Foundation's domains and codes.
func systemReason(_ error: any Error) -> String {
    let error = error as NSError
    // The cause is an NSError or a Swift error, from which Foundation does not cast to one.
    if let cause = (error.userInfo[NSUnderlyingErrorKey] as? any Error).map({ $0 as NSError }),
        cause.domain == NSPOSIXErrorDomain
    {
        return String(cString: strerror(Int32(cause.code)))
    }
    return error.localizedDescription
}
