import TabaraCore

/// From a card to a record that has arrived. On a phone, `secret` is `KeychainSecret()`.
func screening(folder: String, secret: DeviceSecret, card: String, pin: String) async throws -> Finished {
    let phone = try FocalPoint.open(folder: folder, secret: secret)  // off the main thread, like every call
    switch try phone.state() {
    case .unlocked: break
    case .locked: try phone.unlock(pin: pin)  // slow: key stretching
    default: try phone.enrol(card: card, pin: pin)  // slow; needs no network. Say first what is lost, if anything is
    }
    _ = try await phone.sync()  // brings the questionnaires the first time
    let session = try phone.start(questionnaire: phone.questionnaires()[0].id, language: "fr")
    var page = try session.page()  // everything to draw one page
    print(page.title ?? "", page.questions.map(\.label))
    page = try session.answer(path: "s2_age", value: "22")  // on the disk when it returns; the page as it is now
    page = try session.next()  // page.refused: the questions' messages say why
    for consent in 1...7 { page = try session.answer(path: "s3_c\(consent)", value: "yes") }
    page = try session.stop()  // an interview to the end: until page.last, and missing() is empty
    let finished = try session.finish(raise: nil)  // sealed and signed; the answers are erased
    for try await event in phone.syncEvents() {  // the record leaves
        switch event {
        case .at(let step): print(step)
        case .done(let report): print("arrived: \(report.accepted)")
        }
    }
    phone.lock()
    return finished  // its code and undo go onto the person's slip
}
