// swift-tools-version: 6.0
import Foundation
import PackageDescription

// Apple's systems take the library from an XCFramework (xcframework.sh makes it), Linux from lib/.
let here = Context.packageDirectory
let framework = "TabaraCoreFFI.xcframework"
let apple = FileManager.default.fileExists(atPath: "\(here)/\(framework)")
let library = apple
    ? Target.binaryTarget(name: "TabaraCoreFFI", path: framework)
    : Target.systemLibrary(name: "TabaraCoreFFI")
let linking: [LinkerSetting] = apple
    ? [.linkedFramework("Security")]
    : [.linkedLibrary("tabara"), .unsafeFlags(["-L\(here)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(here)/lib"])]

let package = Package(
    name: "TabaraCore",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [
        .library(name: "TabaraCore", targets: ["TabaraCore"]),
        .library(name: "TabaraFixtures", targets: ["TabaraFixtures"]),
    ],
    targets: [
        library,
        // The generated file is written for Swift 5.
        .target(
            name: "TabaraCore", dependencies: ["TabaraCoreFFI"], swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: linking),
        .target(name: "TabaraFixtures", dependencies: ["TabaraCore"]),
        .testTarget(name: "TabaraCoreTests", dependencies: ["TabaraCore", "TabaraFixtures"]),
    ]
)
