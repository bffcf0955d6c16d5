//! Records in. Each record of a batch gets its own verdict, and one bad record never blocks the others:
//!
//! 1. `KnownKeys::check`: rules that need the record alone (signature, form, sealed bytes, facts, questionnaire). A record
//!    with a bad signature or form is refused by name.
//! 2. `keep`: within the log's transaction, rules that depend on the log (already had, repeated `seq`, revoked phone,
//!    second binding, foreign revision). An authentic record is always kept and gets a receipt, if need be in quarantine.
//! 3. Receipts are signed only after the whole batch is durable.

use crate::closings::{append, close_due};
use crate::devices::{AnonymousCaller, AuthenticatedDevice};
use crate::entry::{EntryKind, QuarantineDecision};
use crate::http::limited_body::LimitedBody;
use crate::http::problem::{Problem, blocking};
use crate::settings::Settings;
use crate::state::Server;
use crate::store::{self, Binding, EntryBody, EntryRow, Reading, Store, Writing};
use axum::Json;
use axum::extract::{FromRequest as _, Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode as S, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use tabara_protocol::envelope::{self, Digest, EnvelopeError, PublicKey, Typ, sha256};
use tabara_protocol::facts::Dictionary;
use tabara_protocol::record::{
    self, Batch, BatchReply, IntakeOutcome, MAX_BATCH, MAX_SEALED, Reason, Receipt, Record, Sent, TimeReply, Updates,
    Uuid, Verdict,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Limit of a body, as sent and after decompression (8 MiB).
pub const MAX_BODY: usize = 8 * 1024 * 1024;

pub fn routes() -> OpenApiRouter<Arc<Server>> {
    let open = OpenApiRouter::new().routes(routes!(health)).routes(routes!(time));
    let known = open.routes(routes!(records)).routes(routes!(arrived)).routes(routes!(offers)).routes(routes!(updates));
    known.fallback(|| async { Problem::NotFound })
}

/// Whether the server answers.
#[utoipa::path(get, path = "/health", responses((status = 200, content_type = "text/plain", body = String), Problem))]
async fn health() -> &'static str {
    "ok"
}

/// Puts the signed head of the log on every answer. The head is read after the answer was made, so that it covers the
/// receipts in it. Errors of the router get the form of a problem.
pub async fn finish(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(problem) = Problem::of_router(&response) {
        response = problem.into_response();
    }
    // a body that was refused unread leaves bytes in the connection: the next request needs a new one
    if matches!(response.status(), S::REQUEST_TIMEOUT | S::PAYLOAD_TOO_LARGE | S::TOO_MANY_REQUESTS) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let now = server.settings.clock.unix();
    match server.store.read(|log| log.head(now)) {
        Ok(head) => {
            let jws = server.settings.operations.sign(Typ::Head, &head);
            let value = HeaderValue::from_str(&jws).expect("an envelope is plain ASCII");
            response.headers_mut().insert("tabara-head", value);
        }
        Err(e) => tracing::error!("{e}"),
    }
    response
}

#[derive(Deserialize, IntoParams)]
struct TimeQuery {
    /// 64 bytes at most.
    #[param(max_length = 64)]
    nonce: String,
}

/// The server's time: an envelope of kind time that repeats the nonce.
#[utoipa::path(get, path = "/time", params(TimeQuery),
    responses((status = 200, content_type = "text/plain", body = String), Problem))]
async fn time(
    State(server): State<Arc<Server>>,
    _: AnonymousCaller,
    Query(TimeQuery { nonce }): Query<TimeQuery>,
) -> Result<String, Problem> {
    if nonce.len() > 64 {
        return Err(Problem::Malformed);
    }
    let reply = TimeReply { nonce, time: server.settings.clock.unix() };
    Ok(server.settings.operations.sign(Typ::Time, &reply))
}

/// Takes records in; gzip is allowed. One verdict for each, in the same order.
#[utoipa::path(post, path = "/records", request_body = Batch, security(("token" = [])),
    responses((status = 200, body = BatchReply), Problem))]
async fn records(
    State(server): State<Arc<Server>>,
    AuthenticatedDevice(caller, permit): AuthenticatedDevice,
    request: Request,
) -> Result<Json<BatchReply>, Problem> {
    // a task of its own: a complete batch is taken in even if the connection breaks before the answer
    let taken = tokio::spawn(async move {
        let _permit = permit;
        let posted: LimitedBody<MAX_BODY> = match request.headers().get("tabara-batch").cloned() {
            Some(name) => server.uploads.read(caller.position, &name, request).await?,
            None => LimitedBody::from_request(request, &server).await?,
        };
        let begun = Instant::now();
        blocking(move || {
            let batch: Batch = posted.json()?;
            if batch.records.len() > MAX_BATCH {
                return Err(Problem::Oversize);
            }
            let results = take_in(&server.store, &server.settings, batch.records, Some(caller.position))?;
            server.counters.batch(&results, begun.elapsed());
            Ok(Json(BatchReply { results }))
        })
        .await
    });
    taken.await.unwrap_or(Err(Problem::Unavailable))
}

/// How much of an upload that was cut off has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArrivedBytes {
    pub held: usize,
}

/// How many bytes of a batch, named by the SHA-256 of its body, have arrived.
#[utoipa::path(get, path = "/records/{sha256}", params(("sha256" = Digest, Path)), security(("token" = [])),
    responses((status = 200, body = ArrivedBytes), Problem))]
async fn arrived(
    State(server): State<Arc<Server>>,
    AuthenticatedDevice(caller, _permit): AuthenticatedDevice,
    Path(batch): Path<String>,
) -> Result<Json<ArrivedBytes>, Problem> {
    let batch: Digest = batch.parse().map_err(|_| Problem::NotFound)?;
    let held = server.uploads.held(caller.position, batch).ok_or(Problem::NotFound)?;
    Ok(Json(ArrivedBytes { held }))
}

/// Takes in records from any way of transport and returns their verdicts in the same order. `caller` is the phone that
/// sent them.
pub fn take_in(
    store: &Store,
    settings: &Settings,
    sent: Vec<Sent>,
    caller: Option<u64>,
) -> store::Result<Vec<Verdict>> {
    let now = settings.clock.unix();
    let checked: Vec<_> = store.read(|log| {
        let mut keys = KnownKeys::default();
        sent.into_iter().map(|sent| keys.check(log, sent)).collect::<store::Result<_>>()
    })?;
    let kept = store.write(move |log| {
        close_due(log, now)?;
        if let Some(caller) = caller {
            log.saw(caller, now)?;
        }
        checked.into_iter().map(|checked| checked.map_or_else(|r| Ok(Err(r)), |c| keep(log, c, now))).collect()
    })?;
    let epoch = store.read(|log| log.head(now))?.epoch;
    let verdict = |kept| match kept {
        Ok(kept) => receipted(settings, kept, epoch),
        Err(reason) => Verdict { outcome: IntakeOutcome::Refused, reason: Some(reason), receipt: None },
    };
    let kept: Vec<Result<KeptRecord, Reason>> = kept;
    Ok(kept.into_iter().map(verdict).collect())
}

/// The verdict on a record that the log has.
fn receipted(settings: &Settings, kept: KeptRecord, epoch: Uuid) -> Verdict {
    let KeptRecord { outcome, reason, record, jws, sealed, position } = kept;
    let receipt = Receipt { record, jws, sealed, position, epoch };
    Verdict { outcome, reason, receipt: Some(settings.operations.sign(Typ::Receipt, &receipt)) }
}

/// A record whose signature and form are right.
struct CheckedRecord {
    jws: String,
    digest: Digest,
    record: Record,
    sealed: Option<Vec<u8>>,
    /// The phone's; none for a reviewer's decision.
    binding: Option<u64>,
    reason: Option<Reason>,
}

/// A record that the log has, now or from before.
struct KeptRecord {
    outcome: IntakeOutcome,
    reason: Option<Reason>,
    record: Uuid,
    jws: Digest,
    sealed: Option<Digest>,
    position: u64,
}

/// Keys, each looked up once for a batch.
#[derive(Default)]
struct KnownKeys {
    phones: HashMap<String, Option<Binding>>,
    reviewers: Option<HashMap<String, PublicKey>>,
}

impl KnownKeys {
    fn phone(&mut self, log: &Reading, kid: &str) -> store::Result<Option<(u64, PublicKey)>> {
        if !self.phones.contains_key(kid) {
            self.phones.insert(kid.to_owned(), log.by_record_key(kid)?);
        }
        Ok(self.phones[kid].as_ref().map(|b| (b.position, b.record_key)))
    }

    fn reviewer(&mut self, log: &Reading, kid: &str) -> store::Result<Option<PublicKey>> {
        if self.reviewers.is_none() {
            let reviewers = log.catalog_in_force()?.map(|c| c.reviewers).unwrap_or_default();
            self.reviewers = Some(reviewers.into_iter().map(|r| (r.key.kid(), r.key)).collect());
        }
        Ok(self.reviewers.as_ref().and_then(|r| r.get(kid)).copied())
    }

    /// Checks the rules that need the record alone.
    fn check(&mut self, log: &Reading, sent: Sent) -> store::Result<Result<CheckedRecord, Reason>> {
        let header = match envelope::peek(&sent.jws) {
            Ok(header) => header,
            Err(e) => return Ok(Err(refusal(e))),
        };
        let (binding, key) = match header.typ {
            Typ::Record => self.phone(log, &header.kid)?.map(|(at, key)| (Some(at), key)),
            Typ::Review => self.reviewer(log, &header.kid)?.map(|key| (None, key)),
            Typ::Grant
            | Typ::Device
            | Typ::Receipt
            | Typ::Head
            | Typ::Time
            | Typ::Catalog
            | Typ::Order
            | Typ::Token => {
                return Ok(Err(Reason::Malformed));
            }
        }
        .unzip();
        let (Some(binding), Some(key)) = (binding, key) else { return Ok(Err(Reason::NoChain)) };
        let record: Record = match envelope::open(header.typ, &key, &sent.jws) {
            Ok(record) => record,
            Err(e) => return Ok(Err(refusal(e))),
        };
        let misplaced = record.route.is_some() && record.kind != record::Kind::Referral;
        let names_nothing =
            record.kind == record::Kind::Withdrawal && record.revises.is_none() && record.code.is_none();
        if (header.typ == Typ::Review) != (record.kind == record::Kind::Review) || names_nothing || misplaced {
            return Ok(Err(Reason::Malformed));
        }
        let sealed = match sealed_bytes(&sent, &record) {
            Ok(sealed) => sealed,
            Err(reason) => return Ok(Err(reason)),
        };
        let reason = content(log, &record)?;
        Ok(Ok(CheckedRecord { digest: sha256(sent.jws.as_bytes()), jws: sent.jws, record, sealed, binding, reason }))
    }
}

fn refusal(e: EnvelopeError) -> Reason {
    match e {
        EnvelopeError::Oversize => Reason::Oversize,
        EnvelopeError::WrongKey | EnvelopeError::BadSignature => Reason::BadSignature,
        EnvelopeError::Malformed | EnvelopeError::WrongTyp | EnvelopeError::RepeatedKey | EnvelopeError::BadPayload => {
            Reason::Malformed
        }
    }
}

/// The sealed bytes, if they are those that the envelope names.
fn sealed_bytes(sent: &Sent, record: &Record) -> Result<Option<Vec<u8>>, Reason> {
    if sent.sealed.as_ref().is_some_and(|text| text.len() > MAX_SEALED.div_ceil(3) * 4) {
        return Err(Reason::Oversize);
    }
    let bytes = sent.sealed_bytes().map_err(|_| Reason::Malformed)?;
    match (&bytes, &record.sealed) {
        (None, None) => Ok(None),
        (Some(b), Some(named)) if b.len() == named.len as usize && sha256(b) == named.sha256 => Ok(bytes),
        _ => Err(Reason::SealedMismatch),
    }
}

/// Whether the dictionary knows its facts, and a published catalog its questionnaire; else the reason for quarantine.
pub fn content(log: &Reading, record: &Record) -> store::Result<Option<Reason>> {
    if let Err(reason) = Dictionary::standard().check(record.kind, &record.facts) {
        return Ok(Some(reason));
    }
    if record.route.as_ref().is_some_and(|route| !route.is_sound()) {
        return Ok(Some(Reason::UnknownCode));
    }
    let filled_in = !matches!(record.kind, record::Kind::Withdrawal | record::Kind::Review);
    let unknown = filled_in && !log.knows_questionnaire(record.questionnaire.sha256)?;
    Ok(unknown.then_some(Reason::UnknownQuestionnaire))
}

/// Whether something in the log forbids counting it; the reason for quarantine.
pub fn standing(log: &Reading, binding: Option<u64>, record: &Record) -> store::Result<Option<Reason>> {
    let Some(position) = binding else { return Ok(None) };
    let phone = log.binding(position)?;
    let dead = |code| log.is_dead(code).map(|dead| dead && record.kind != record::Kind::Withdrawal);
    Ok(if phone.revoked {
        Some(Reason::RevokedDevice)
    } else if phone.second {
        Some(Reason::SecondBinding)
    } else if log.has_seq(position, record.seq)? {
        Some(Reason::RepeatedSeq)
    } else if foreign(log, position, record)? {
        Some(Reason::ForeignRevision)
    } else if record.code.as_ref().map(dead).transpose()? == Some(true) {
        Some(Reason::WithdrawnCode)
    } else {
        None
    })
}

/// Whether it changes a record of another phone, so that a person must review it. A correction whose target is missing is
/// quarantined too. A withdrawal is not, because it is judged again when its target arrives.
fn foreign(log: &Reading, binding: u64, record: &Record) -> store::Result<bool> {
    let withdrawal = record.kind == record::Kind::Withdrawal;
    if !withdrawal && record.revises.is_none() {
        return Ok(false);
    }
    let named = log.named(record)?;
    let own = |found: &store::Found| record.may_change(found.binding == Some(binding), found.undo);
    let unknown_may_come = withdrawal && (record.revises.is_some() || record.secret.is_some());
    Ok(if named.is_empty() { !unknown_may_come } else { !named.iter().any(own) })
}

fn keep(log: &Writing, checked: CheckedRecord, now: i64) -> store::Result<Result<KeptRecord, Reason>> {
    let record = &checked.record;
    let sealed = record.sealed.map(|s| s.sha256);
    let kept = |outcome, reason, position| {
        Ok(Ok(KeptRecord { outcome, reason, record: record.record, jws: checked.digest, sealed, position }))
    };
    if let Some(found) = log.find(record.record)? {
        let same = found.jws == checked.digest;
        return if same {
            kept(IntakeOutcome::AlreadyHad, found.reason, found.position)
        } else {
            Ok(Err(Reason::IdTaken))
        };
    }
    let reason = standing(log, checked.binding, record)?.or(checked.reason);
    let kind = match record.kind {
        record::Kind::Review => EntryKind::Review,
        record::Kind::Withdrawal => EntryKind::Withdrawal,
        record::Kind::Screening
        | record::Kind::Referral
        | record::Kind::Assistance
        | record::Kind::Activity
        | record::Kind::Enforcement => EntryKind::Record,
    };
    let position = log.append(&EntryRow {
        kind,
        received: now,
        reason,
        id: Some(record.record),
        binding: checked.binding,
        seq: checked.binding.map(|_| record.seq),
        target: record.revises,
        code: record.code.as_ref().map(|code| code.as_str().to_owned()),
        body: EntryBody::Text(checked.jws),
    })?;
    if let Some(bytes) = &checked.sealed
        && !log.is_withdrawn(position)?
    {
        log.keep_sealed(position, bytes)?;
    }
    kept(if reason.is_some() { IntakeOutcome::Quarantined } else { IntakeOutcome::Accepted }, reason, position)
}

/// Appends the operator's decision about a quarantined entry; false if the position has none.
pub fn decide(store: &Store, position: u64, accept: bool, now: i64) -> store::Result<bool> {
    store.write(move |log| {
        let waits = log.reason(position)?.is_some() || log.quarantined()?.iter().any(|q| q.position == position);
        if waits {
            close_due(log, now)?;
            append(log, EntryKind::Decision, now, &QuarantineDecision { position, accept })?;
        }
        Ok(waits)
    })
}

/// Body of `POST /v1/offers`: the records that a phone still holds, after a new epoch or a head below one of its receipts;
/// or those that it sent when the answer was lost, so that it need not send them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offers {
    pub offers: Vec<Offer>,
    /// Whether receipts are asked for, of at most [`MAX_BATCH`] records.
    #[serde(default)]
    pub receipts: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    pub record: Uuid,
    /// SHA-256 of its JWS.
    pub jws: Digest,
}

/// Answer to `POST /v1/offers`: the records to send, and the verdicts of the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Wanted {
    pub wanted: Vec<Uuid>,
    /// If receipts were asked for: one verdict for each record that is not wanted, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Verdict>,
}

/// One request offers at most so many records.
pub const MAX_OFFERS: usize = 2000;

/// Returns which of these records to send, and the verdicts of the others.
#[utoipa::path(post, path = "/offers", request_body = Offers, security(("token" = [])),
    responses((status = 200, body = Wanted), Problem))]
async fn offers(
    State(server): State<Arc<Server>>,
    _caller: AuthenticatedDevice,
    posted: LimitedBody<MAX_BODY>,
) -> Result<Json<Wanted>, Problem> {
    blocking(move || {
        let Offers { offers, receipts } = posted.json()?;
        if offers.len() > if receipts { MAX_BATCH } else { MAX_OFFERS } {
            return Err(Problem::Oversize);
        }
        let (mut wanted, mut kept) = (Vec::new(), Vec::new());
        let epoch = server.store.read(|log| {
            for Offer { record, jws } in offers {
                match log.find(record)?.filter(|found| found.jws == jws) {
                    None => wanted.push(record),
                    Some(store::Found { reason, sealed, position, .. }) => {
                        kept.push(KeptRecord {
                            outcome: IntakeOutcome::AlreadyHad,
                            reason,
                            record,
                            jws,
                            sealed,
                            position,
                        });
                    }
                }
            }
            Ok(log.head(0)?.epoch)
        })?;
        let kept = if receipts { kept } else { Vec::new() };
        let kept = kept.into_iter().map(|kept| receipted(&server.settings, kept, epoch)).collect();
        Ok(Json(Wanted { wanted, kept }))
    })
    .await
}

#[derive(Deserialize, IntoParams)]
struct UpdatesQuery {
    /// Cursor of the last answer; 0 in a new epoch.
    after: u64,
}

/// News about the caller's records.
#[utoipa::path(get, path = "/updates", params(UpdatesQuery), security(("token" = [])),
    responses((status = 200, body = Updates), Problem))]
async fn updates(
    State(server): State<Arc<Server>>,
    AuthenticatedDevice(caller, _permit): AuthenticatedDevice,
    Query(UpdatesQuery { after }): Query<UpdatesQuery>,
) -> Result<Json<Updates>, Problem> {
    blocking(move || {
        let (updates, cursor) = server.store.read(|log| log.news(caller.position, after))?;
        Ok(Json(Updates { updates, cursor }))
    })
    .await
}
