import Glibc
import SystemPackage
import TestSupport

guard CommandLine.arguments.count == 2 else {
    try FileDescriptor.standardError.writeAll("usage: sample-repository DIR\n".utf8)
    exit(64)
}
try SampleModel.write(below: FilePath(CommandLine.arguments[1]))
print("\(SampleModel.repository)\n\(SampleModel.ggufRepository)")
