// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "TabaraSample",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "TabaraModels", targets: ["TabaraModels"])],
    dependencies: [.package(path: "../../bindings/swift")],
    targets: [
        .target(
            name: "TabaraModels", dependencies: [.product(name: "TabaraCore", package: "swift")],
            // Swift 6.0's own libswiftObservation.so lacks a function that it calls when threads fail
            linkerSettings: [.unsafeFlags(["-Xlinker", "--allow-shlib-undefined"], .when(platforms: [.linux]))]),
        .testTarget(
            name: "TabaraModelsTests",
            dependencies: ["TabaraModels", .product(name: "TabaraFixtures", package: "swift")]),
    ]
)
