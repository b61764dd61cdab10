import Glibc

/// The hour and minute that a clock on the wall here will show after so long, for example `14:05`.
public func wallClock(after duration: Duration) -> String {
    var then = time(nil) + Int(duration.components.seconds)
    var parts = tm()
    localtime_r(&then, &parts)
    let (hour, minute) = (Int(parts.tm_hour), Int(parts.tm_min))
    return "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
}
