import Glibc

/// An open descriptor of the process, and the only place of this room that lends memory to the kernel.
struct Descriptor: Sendable {
    let number: Int32

    var isTerminal: Bool { isatty(number) == 1 }

    /// The columns and rows of the terminal behind it; `nil` if there is none or it does not say.
    var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard unsafe ioctl(number, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Writes all of `bytes`, waiting where a descriptor shared with another program does not.
    func write(_ bytes: [UInt8]) throws(WriteError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes[done...].withUnsafeBytes {
                unsafe Glibc.write(number, $0.baseAddress, $0.count)
            }
            if count >= 0 {
                done += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: wait(for: POLLOUT, milliseconds: 1000)
            default: throw WriteError(code: errno)
            }
        }
    }

    /// The next byte; `nil` at the end of the input or where it cannot be read.
    func readByte() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = unsafe read(number, &byte, 1)
            if count == 1 { return byte }
            if count < 0, errno == EINTR { continue }
            return nil
        }
    }

    /// Waits until something can be read or written; tells whether it can, or has ended.
    @discardableResult
    func wait(for event: Int32, milliseconds: Int32) -> Bool {
        var request = pollfd(fd: number, events: Int16(truncatingIfNeeded: event), revents: 0)
        return unsafe poll(&request, 1, milliseconds) > 0
    }
}

/// An output that does not take what is written.
public struct WriteError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kernel's reason, a value of `errno`.
    public let code: Int32

    /// States a reason.
    public init(code: Int32) { self.code = code }

    /// The fact, worded neutrally.
    public var description: String { unsafe "cannot write: \(String(cString: strerror(code)))" }
}
