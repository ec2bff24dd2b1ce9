internal import Foundation

/// What the system says of an error, without Foundation's domains and codes.
func systemReason(_ error: any Error) -> String {
    let error = error as NSError
    if let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError, cause.domain == NSPOSIXErrorDomain {
        return String(cString: strerror(Int32(cause.code)))
    }
    return error.localizedDescription
}
