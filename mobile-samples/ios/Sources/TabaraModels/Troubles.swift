import TabaraCore

extension Words {
    /// What to tell the focal point about a failure, and what she can do.
    public func trouble(_ why: TabaraError) -> String {
        switch why {
        case .Locked: self(.trouble_locked)
        case .WrongPin(let left, let rest): self(.trouble_wrong_pin, self(.attempts_left, Int(left))) + waiting(rest)
        case .TooSoon(let rest): self(.trouble_too_soon) + waiting(rest)
        case .PinTooShort(let least): self(.pin_short, "\(least)")
        case .KeyStoreUnavailable: self(.trouble_key_store_unavailable)
        case .KeyStoreLost: self(.trouble_key_store_lost)
        case .VaultDestroyed(let reason): destroyed(reason)
        case .Damaged(let file): damaged(file)
        case .InUse: self(.trouble_in_use)
        case .NewerVersion: self(.trouble_newer_version)
        case .Storage: self(.trouble_storage)
        case .NotEnrolled: self(.trouble_not_enrolled)
        case .AlreadyEnrolled: self(.trouble_already_enrolled)
        case .Card(let reason): self(card(reason))
        case .NotFound(let what): self(missing(what))
        case .Answer(let reason): self(answer(reason))
        case .Incomplete: self(.answer_missing)
        case .NoConsent: self(.trouble_no_consent)
        case .Offline(let reason): self(offline(reason))
        case .Untrusted(let reason): self(.trouble_untrusted, self(untrusted(reason)))
        case .Refused(.cardRevoked): self(.refused_revoked)
        // faults of the app or the core: their names are for whoever mends them
        case .Folder(let reason): self(.trouble_internal, "Folder \(reason)")
        case .Internal(let reason): self(.trouble_internal, "\(reason)")
        }
    }

    /// The vault is gone: why, and what she can do.
    func destroyed(_ reason: DestructionReason) -> String {
        let why: Word =
            switch reason {
            case .tooManyWrongPins: .destroyed_wrong_pins
            case .panicWipe: .destroyed_panic
            case .wipeOrder: .destroyed_order
            case .replaced: .destroyed_replaced
            }
        return self(why) + " " + self(.vault_gone)
    }

    /// A file cannot be read: which, and what she can do.
    func damaged(_ file: PhoneFile) -> String {
        let name: Word =
            switch file {
            case .keys: .file_keys
            case .mailbox: .file_mailbox
            case .vault: .file_vault
            case .drafts: .file_drafts
            case .folder: .file_folder
            }
        return self(.trouble_damaged, self(name))
    }

    /// What she should know although all works.
    func notice(_ notice: Notice) -> String {
        switch notice {
        case .catalogExpired: self(.notice_catalog_expired)
        case .secondPhone: self(.notice_second_phone)
        case .draftsLost: self(.notice_drafts_lost)
        case .clock(let ahead): self(ahead > 0 ? .notice_clock_ahead : .notice_clock_behind)
        }
    }

    /// What is there for longer than one sync and needs the coordinator.
    func lasting(_ standing: Standing, catalogExpired: Bool, evidence: Bool, setBack: Bool) -> [String] {
        let seen: Word? =
            switch standing {
            case .trusted: nil
            case .second: .notice_second_phone
            case .late: .standing_late
            case .revoked: .refused_revoked
            }
        let all = [seen, catalogExpired ? .notice_catalog_expired : nil, evidence ? .lasting_evidence : nil, setBack ? .lasting_set_back : nil]
        return all.compactMap { $0 }.map { self($0) }
    }

    /// What a sync or a parcel did, line by line.
    func report(_ done: SyncReport) -> String {
        let counted: [(Plural, UInt32)] = [
            (.sync_sent, done.accepted + done.alreadyHad), (.sync_looked_at, done.quarantined), (.sync_refused, done.refused),
        ]
        var lines = done.cancelled ? [self(.sync_cancelled)] : []
        lines += counted.filter { $0.1 > 0 }.map { self($0.0, Int($0.1)) }
        if let fault = done.catalogFault { lines.append(self(.sync_catalog_fault, self(untrusted(fault)))) }
        if done.restored { lines.append(self(.sync_restored)) }
        if let later = done.later { lines.append(self(.sync_later, moment(later))) }
        return lines.isEmpty ? self(.sync_nothing) : lines.joined(separator: "\n")
    }

    /// How far a sync is.
    func step(_ step: Step) -> String {
        switch step {
        case .contacting: self(.contacting)
        case .sending(let done, let of): self(.sending, "\(done)", "\(of)")
        case .fetching(let done, let of): self(.fetching, "\(done)", "\(of)")
        }
    }

    /// Where a record is.
    func status(_ card: CaseCard) -> String {
        if card.summary.withdrawn { return self(.case_withdrawn) }
        return switch card.status {
        case .waiting: self(.case_waiting)
        case .kept: self(.case_sent)
        case .quarantined: self(.case_looked_at)
        case .refused: self(.case_refused)
        case .withdrawn: self(.case_withdrawn)
        case .elsewhere: self(.case_elsewhere)
        }
    }

    /// How far a referral has come.
    public func status(_ status: Status) -> String {
        switch status {
        case .draft: self(.status_draft)
        case .ready: self(.status_ready)
        case .queued: self(.status_queued)
        case .sent: self(.status_sent)
        case .received: self(.status_received)
        case .serviceUnavailable: self(.status_unavailable)
        case .declined: self(.status_declined)
        case .expired: self(.status_expired)
        case .accepted: self(.status_accepted)
        case .inService: self(.status_in_service)
        case .lostContact: self(.status_lost_contact)
        case .refusedByPerson: self(.status_refused)
        case .completed: self(.status_completed)
        case .withdrawn: self(.status_withdrawn)
        }
    }

    /// What to say before she goes there.
    public func remark(_ remark: ServiceRemark) -> String {
        switch remark {
        case .full: self(.remark_full)
        case .unverified: self(.remark_unverified)
        case .closed: self(.remark_closed)
        }
    }

    /// Rounded up: who waits so long may surely ask again.
    private func waiting(_ rest: Double) -> String {
        let seconds = Int(rest.rounded(.up))
        if seconds == 0 { return "" }
        return " " + (seconds < 120 ? self(.wait_seconds, seconds) : self(.wait_minutes, (seconds + 59) / 60))
    }
}

private func card(_ reason: CardReason) -> Word {
    switch reason {
    case .unreadable: .card_unreadable
    case .notGenuine: .card_not_genuine
    case .expired: .card_expired
    case .expiredByThisClock: .card_expired_by_clock
    case .otherAuthority: .card_other_authority
    case .usedAlready: .card_used
    }
}

private func missing(_ item: NotFoundItem) -> Word {
    switch item {
    case .questionnaire, .catalog, .catalogFile: .no_questionnaires
    case .intakeKey: .trouble_no_courier
    case .handOverKey: .trouble_hand_over_key
    case .code, .secondCode: .withdraw_mistyped
    case .id, .language, .question, .draft, .case, .referral, .service, .serviceDirectory: .trouble_not_found
    }
}

private func answer(_ reason: AnswerReason) -> Word {
    switch reason {
    case .notInteger: .answer_not_integer
    case .notNumber: .answer_not_number
    case .notDate: .answer_not_date
    case .notTime: .answer_not_time
    case .outOfRange: .answer_out_of_range
    case .tooLong, .answersTooLong: .answer_too_long
    case .tooManyRows, .rowsAreCounted: .answer_rows
    case .agreementNeeded: .refer_agreement_needed
    case .noLongerWanted: .status_withdrawn
    case .cannotBeRaised, .notTheNextStatus, .notRelevant, .readOnly, .notPlace, .notAChoice: .trouble_answer
    }
}

private func offline(_ reason: OfflineReason) -> Word {
    switch reason {
    case .noNetwork: .trouble_offline
    case .portal: .offline_portal
    case .changedOnTheWay: .offline_changed
    case .notTheServer: .offline_not_the_server
    case .later: .offline_later
    }
}

private func untrusted(_ reason: UntrustedReason) -> Word {
    switch reason {
    case .address: .untrusted_address
    case .parcel: .untrusted_parcel
    case .handOver: .untrusted_hand_over
    case .catalogSignature: .untrusted_catalog_signature
    case .catalogOlder, .catalogForked: .untrusted_catalog_old
    case .catalogRecipients: .untrusted_catalog_recipients
    case .catalogNeedsNewerApp: .untrusted_newer_app
    }
}
