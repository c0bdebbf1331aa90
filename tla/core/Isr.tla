--------------------------------- MODULE Isr ---------------------------------
(* One partition, replicated by Kafka's in-sync replicas protocol, with the rules that Odradek makes explicit.

   A leader appends what producers send, its followers fetch, and what every in-sync replica has is committed. The controller
   says who leads and who is in sync: it appends its decisions to the metadata log, and brokers apply them in their order, each in
   its own time, so a broker may act on old ones. Processes stop and crash, machines lose power and with it any part of what
   was not synced, messages are late or lost, leases lapse.

   Claimed: what was committed stays committed and stays where it was (it implements CommittedLog), whoever is elected has all of
   it, and when faults cease there is a leader and all replicas are alike. What page-cache durability gives up is under
   "Properties: loss". docs/guarantees.md says it in a user's words; tla/mutants/README.md tells what breaks without each rule.

   Left out: that the controller is a quorum (Controller and Quorum show that it decides as one), that a log on a disk is a
   sequence which loses only its tail (Recovery), retention, reassignment, producer sequences.                                *)
EXTENDS Integers, Sequences, FiniteSets, LeaderEpochs

CONSTANTS
  Replica,          \* the brokers that have a replica
  Nobody,           \* who leads when nobody does
  Consumer,         \* who reads from any replica (KIP-392)
  Durability,       \* "sync": only what is synced counts; "page-cache": what is written counts, and a crash may lose it
  Acks,             \* "all": acknowledged when committed; "one": as soon as it counts at the leader
  MinIsr,           \* min.insync.replicas
  UncleanElection,  \* whether a replica that may lack committed records can be elected when no other is left
  TimelyLeases,     \* whether a broker's lease ends before the controller replaces it (clocks drift little); safety needs no such
                    \* thing
  BatchSize,        \* records in one fetch, at most
  Exchange,         \* model: places for fetches in flight, for each follower. With one, a follower that gives a fetch up
                    \* forgets it before it sends the next; with two, the old one may still arrive, at any time
  IdleFetches,      \* model: whether followers also send fetches that would change nothing
  MaxRecord, MaxCrash, MaxStop, MaxFence, MaxShrink, MaxDoubt, \* model: how many records, and faults of each kind; recovery is
                    \* not bounded
  Bugs              \* model: rules that are broken; {} is the protocol

VARIABLES
  \* The controller
  metadata,         \* its decisions: who leads in which epoch, who is in sync (ISR), who is eligible besides (ELR). The partition
                    \* epoch of a decision is its index
  registration,     \* of each broker: whether it is fenced, and its broker epoch (KIP-903)
  \* A broker
  process,          \* "up", "stopped" (which leaves the mark of a clean stop) or "crashed" (which does not)
  applied,          \* how much of the metadata it has applied
  lease,            \* whether it may act as leader, for all it knows
  \* A replica
  log,              \* records; the id of each is one producer's write
  synced,           \* below this offset records survive a crash; stays 0 with page-cache, where nobody waits for the disk
  highWatermark,    \* below this offset records are committed, for all the replica knows
  \* A leader
  epochStart,       \* where its log ended when its epoch began
  progress,         \* what each follower's last fetch says: it has everything below offset, and its broker epoch
  proposal,         \* the change of the ISR that it has proposed and not heard of: "one" copy of it is on its way, or "many" may be, or
                    \* the only one was "refused"
  \* The network
  exchange,         \* fetches and answers on their way
  \* What nobody stores: the history that the promises speak of
  committed,        \* the longest prefix that was ever below a leader's high watermark
  acked,            \* ids of the records whose producers were told that they are safe
  received,         \* what each consumer has read
  nextId,           \* id of the next record
  left              \* model: the faults that may still happen

controllerVars == <<metadata, registration>>
brokerVars     == <<process, applied, lease>>
replicaVars    == <<log, synced, highWatermark>>
leaderVars     == <<epochStart, progress, proposal>>
historyVars    == <<committed, acked, received>>
vars == <<controllerVars, brokerVars, replicaVars, leaderVars, exchange, historyVars, nextId, left>>

Bug(b) == b \in Bugs

Ids(s) == [i \in 1..Len(s) |-> s[i].id]       \* what producers wrote

None     == [kind |-> "none"]                 \* no proposal, nothing in flight
NotHeard == [offset |-> -1, brokerEpoch |-> 0] \* progress of a follower that has not fetched in this epoch

----------------------------------------------------------------------------
(* What a broker knows, what counts *)

Current    == metadata[Len(metadata)]
Up(r)      == process[r] = "up"
Known(r)   == metadata[applied[r]]             \* the partition, for all r knows
Epoch(r)   == Known(r).leaderEpoch
Leads(r)   == Up(r) /\ Known(r).leader = r /\ lease[r]
Follows(r) == Up(r) /\ Known(r).leader \notin {Nobody, r}
Fenced     == {r \in Replica : registration[r].fenced}

(* The end that counts: a fetch from it, or at the leader the end itself, acknowledges everything below. *)
DurableEnd(r, lg, sy) == IF Durability = "sync" /\ ~Bug("LeaderCountsUnsynced") THEN sy ELSE Len(lg)

(* The maximal ISR (KIP-497): who is in sync, or would be if the controller has accepted what was proposed. *)
MaximalIsr(p, prop) == IF prop = None \/ (prop.copies = "many" /\ Bug("DoubtfulRefusalCounts")) THEN p.isr
                       ELSE IF Bug("ProposedIsrCounts") THEN prop.isr ELSE p.isr \cup prop.isr

(* The high watermark of leader r, were it to know this: the least durable end in the maximal ISR, never less than before, and the
   same as before while fewer than min.insync.replicas are in sync, as an eligible replica might not have more (KIP-966). *)
HighWatermark(r, p, prop, prog, lg, sy) ==
  LET outsiders == IF Bug("OutsidersHoldBack") THEN {f \in Replica : prog[f].offset >= 0} ELSE {}
      ends == {IF x = r THEN DurableEnd(r, lg, sy) ELSE prog[x].offset : x \in MaximalIsr(p, prop) \cup outsiders}
  IN IF Cardinality(p.isr) >= MinIsr \/ Bug("CommitsBelowMinIsr")
       THEN Greatest({highWatermark[r], Least(ends)})
       ELSE highWatermark[r]

(* Leader r moves its high watermark to where it belongs, were it to know this: what lies below is committed, and the producers
   whose records it took in this epoch are told. With acks=one they don't wait for that. *)
Advance(r, p, prop, prog, lg, sy) ==
  LET h    == HighWatermark(r, p, prop, prog, lg, sy)
      told == IF Acks = "one" \/ Bug("AcknowledgesUncommitted") THEN DurableEnd(r, lg, sy) ELSE h
  IN /\ highWatermark' = [highWatermark EXCEPT ![r] = h]
     /\ committed' = IF h > Len(committed) THEN Below(lg, h) ELSE committed
     /\ acked' = acked \cup {lg[i].id : i \in {j \in 1..told : lg[j].epoch = p.leaderEpoch}}
     /\ UNCHANGED received

----------------------------------------------------------------------------
(* The controller. Java: ControllerMachine; PartitionDraft elects; BrokerLeases says whom to fence.

   It appends to the metadata log, and a decision is made when it is there. Elections have several outcomes, as any candidate may
   do. *)

Decide(p) == metadata' = IF p = Current THEN metadata ELSE Append(metadata, p)

(* Who leaves the ISR stays eligible while fewer than min.insync.replicas are in sync, as nothing is committed then (KIP-966). *)
Eligible(isr, p) == IF Cardinality(isr) >= MinIsr /\ ~Bug("EligibleForEver") THEN {} ELSE (p.elr \cup (p.isr \ isr)) \ isr

(* p without r in the ISR. Kafka without KIP-966 kept the last member there, and nobody else was eligible. *)
WithoutInSync(p, r) ==
  LET isr == p.isr \ {r} IN
  IF Bug("LastReplicaStanding") THEN [p EXCEPT !.isr = IF isr = {} THEN @ ELSE isr, !.elr = {}]
                                ELSE [p EXCEPT !.isr = isr, !.elr = Eligible(isr, p)]

(* What may become of p when these brokers are fenced: the leader stays if it can, else one that is in sync leads, else one that
   is eligible, which is then the only one in sync, else nobody. A change of the leader is a new epoch, and so is having none. *)
Elect(p, fenced) ==
  LET reign(l) == [p EXCEPT !.leader = l, !.leaderEpoch = IF Bug("EpochReused") THEN @ ELSE @ + 1, !.unclean = FALSE]
      inSync   == p.isr \ fenced
      eligible == p.elr \ fenced
  IN IF p.leader \in inSync THEN {p}
     ELSE IF inSync # {} THEN {reign(l) : l \in inSync}
     ELSE IF p.isr = {} /\ eligible # {} THEN {[reign(l) EXCEPT !.isr = {l}, !.elr = @ \ {l}] : l \in eligible}
     ELSE IF p.leader = Nobody THEN {p} ELSE {reign(Nobody)}

(* BrokerLeases: a broker was not heard from in time. It leaves the ISR, and leads no more. When leases are timely the broker has
   stopped acting as leader by then. *)
Fence(r) ==
  /\ r \notin Fenced
  /\ ~Up(r) \/ (IF TimelyLeases THEN ~lease[r] \/ Bug("FencesBeforeLapse") ELSE left.fence > 0)
  /\ registration' = [registration EXCEPT ![r].fenced = TRUE]
  /\ left' = IF Up(r) /\ ~TimelyLeases THEN [left EXCEPT !.fence = @ - 1] ELSE left
  /\ \E p \in Elect(WithoutInSync(Current, r), Fenced \cup {r}) : Decide(p)
  /\ UNCHANGED <<brokerVars, replicaVars, leaderVars, exchange, historyVars, nextId>>

(* BrokerLeases: a fenced broker is heard from and has applied all that was decided, so it will not act as the leader it was. *)
Unfence(r) ==
  /\ r \in Fenced /\ Up(r)
  /\ applied[r] = Len(metadata) \/ Bug("UnfencedUnaware")
  /\ registration' = [registration EXCEPT ![r].fenced = FALSE]
  /\ lease' = [lease EXCEPT ![r] = TRUE]
  /\ \E p \in Elect(Current, Fenced \ {r}) : Decide(p)
  /\ UNCHANGED <<process, applied, replicaVars, leaderVars, exchange, historyVars, nextId, left>>

(* ControllerMachine: a process starts, and registers with a new broker epoch (KIP-903). Whatever its predecessor was is over, its
   reign as well. It stays eligible only if it has lost nothing: by a clean stop, or because only what was synced ever counted
   (KIP-966). It begins with the metadata that holds its registration. *)
Register(r) ==
  /\ ~Up(r)
  /\ LET lostNothing == process[r] = "stopped" \/ Durability = "sync" \/ Bug("UncleanStaysEligible")
         without == IF r \in Fenced THEN Current ELSE WithoutInSync(Current, r)
         kept    == IF lostNothing THEN without ELSE [without EXCEPT !.elr = @ \ {r}]
         survives == Bug("ReignSurvivesRestart") /\ r \notin Fenced
     IN /\ \E p \in (IF survives THEN {Current} ELSE Elect(kept, Fenced \cup {r})) :
             /\ Decide(p)
             /\ applied' = [applied EXCEPT ![r] = Len(metadata')]
        /\ registration' = [registration EXCEPT ![r] = [fenced |-> ~survives, brokerEpoch |-> @.brokerEpoch + 1]]
  /\ process' = [process EXCEPT ![r] = "up"]
  /\ lease' = [lease EXCEPT ![r] = ~TimelyLeases]
  /\ proposal' = [proposal EXCEPT ![r] = None]  \* if it had one, that is based on a partition epoch that is over now
  /\ UNCHANGED <<replicaVars, epochStart, progress, exchange, historyVars, nextId, left>>

(* PartitionDraft: nobody in sync or eligible is left alive, and the operator prefers a partition with holes to none. It is recorded, so
   that what is lost by it is explained. The controller sees no processes: who is not fenced yet may be elected though it is down. *)
ElectUnclean(r) ==
  /\ UncleanElection
  /\ Current.leader = Nobody /\ r \notin Fenced
  /\ Decide([Current EXCEPT !.leader = r, !.leaderEpoch = @ + 1, !.isr = {r}, !.elr = {}, !.unclean = ~Bug("UncleanUnrecorded")])
  /\ UNCHANGED <<registration, brokerVars, replicaVars, leaderVars, exchange, historyVars, nextId, left>>

(* AlterPartition is judged by what it was based on: by the partition epoch (KIP-497), so that of two changes made side by side
   one is refused; by who is fenced (KIP-841); by the broker epoch of who joins (KIP-903), as its fetches may be those of a
   predecessor. *)
ProposalStands(r) ==
  LET q == proposal[r] IN
  /\ Current.leader = r
  /\ q.partitionEpoch = Len(metadata) \/ Bug("StaleProposalStands")
  /\ q.isr \cap Fenced = {} \/ Bug("FencedMayJoin")
  /\ \A x \in q.joins : q.brokerEpoch = registration[x].brokerEpoch \/ Bug("PredecessorMayJoin")

(* ControllerMachine: the leader learns of it from the metadata. Copies that arrive later are based on a partition epoch that is over. *)
AcceptProposal(r) ==
  /\ proposal[r] # None /\ ProposalStands(r)
  /\ proposal[r].copies # "refused"
  /\ Decide([Current EXCEPT !.isr = proposal[r].isr, !.elr = Eligible(proposal[r].isr, Current)])
  /\ UNCHANGED <<registration, brokerVars, replicaVars, leaderVars, exchange, historyVars, nextId, left>>

(* ControllerMachine: the change was not made, and will not be, as there is no other copy. Of several one may be refused and another accepted
   later, when who was fenced is not any more: that one was refused says nothing then. Nor does it say anything that the partition epoch is
   not the current one: a copy may have been accepted. The metadata will tell. *)
RefuseProposal(r) ==
  /\ proposal[r] # None /\ ~ProposalStands(r)
  /\ \/ proposal[r].copies = "one" /\ Current.leader = r /\ proposal[r].partitionEpoch = Len(metadata)
     \/ proposal[r].copies # "refused" /\ Bug("StaleRefusalCounts")
  /\ proposal' = [proposal EXCEPT ![r].copies = "refused"]
  /\ UNCHANGED <<controllerVars, brokerVars, replicaVars, epochStart, progress, exchange, historyVars, nextId, left>>

(* LeaderMachine hears of it, and counts its ISR again. *)
HearRefusal(r) ==
  /\ Up(r) /\ proposal[r] # None /\ proposal[r].copies = "refused"
  /\ proposal' = [proposal EXCEPT ![r] = None]
  /\ IF lease[r]
       THEN Advance(r, Known(r), None, progress[r], log[r], synced[r])
       ELSE UNCHANGED <<highWatermark, historyVars>>
  /\ UNCHANGED <<controllerVars, brokerVars, log, synced, epochStart, progress, exchange, nextId, left>>

(* LeaderMachine hears nothing for so long that it sends the proposal again. *)
RepeatProposal(r) ==
  /\ Up(r) /\ proposal[r] # None /\ proposal[r].copies # "many" /\ left.doubt > 0
  /\ proposal' = [proposal EXCEPT ![r].copies = "many"]
  /\ left' = [left EXCEPT !.doubt = @ - 1]
  /\ UNCHANGED <<controllerVars, brokerVars, replicaVars, epochStart, progress, exchange, historyVars, nextId>>

(* LeaderMachine, to which no refusal says anything any more, proposes its ISR as it is, and ControllerMachine accepts: a decision that
   changes nothing but the partition epoch, by which every copy of what was proposed is too late. What was proposed counts until that is heard
   of in the metadata (decision 25). *)
WithdrawProposal(r) ==
  /\ proposal[r] # None /\ proposal[r].copies = "many"
  /\ Current.leader = r /\ proposal[r].partitionEpoch = Len(metadata)
  /\ metadata' = Append(metadata, Current)
  /\ UNCHANGED <<registration, brokerVars, replicaVars, leaderVars, exchange, historyVars, nextId, left>>

----------------------------------------------------------------------------
(* A broker. Java: PartitionHost makes a new LeaderMachine or FollowerMachine of what ClusterImage says; BrokerLeases *)

(* A decision is applied, the next one or a later one: of several that come at once a broker sees what they come to. In a new epoch a
   leader knows nothing of its followers, and records where its log ends; a follower does not cut its log: it will be told where when it
   fetches (KIP-595). In the same epoch a leader takes the decision for the answer to what it proposed.                                *)
ApplyMetadata(r) ==
  /\ Up(r)
  /\ \E n \in applied[r] + 1..Len(metadata) :
       LET p        == metadata[n]
           newEpoch == p.leaderEpoch > Epoch(r)
           heard    == IF newEpoch THEN [f \in Replica |-> NotHeard] ELSE progress[r]
           cut      == IF newEpoch /\ p.leader \notin {r, Nobody} /\ Bug("CutsToHighWatermark")
                         THEN highWatermark[r]
                         ELSE Len(log[r])
       IN /\ applied' = [applied EXCEPT ![r] = n]
          /\ proposal' = [proposal EXCEPT ![r] = IF Bug("AnswerUnheard") /\ ~newEpoch THEN @ ELSE None]
          /\ progress' = [progress EXCEPT ![r] = heard]
          /\ epochStart' = [epochStart EXCEPT ![r] = IF p.leader # r THEN 0 ELSE IF newEpoch THEN Len(log[r]) ELSE @]
          /\ log' = [log EXCEPT ![r] = Below(@, cut)]
          /\ synced' = [synced EXCEPT ![r] = Least({@, cut})]
          /\ IF p.leader = r /\ lease[r] /\ ~Bug("IsrChangeUnnoticed")
               THEN Advance(r, p, None, heard, log[r], synced[r])
               ELSE UNCHANGED <<highWatermark, historyVars>>
  /\ UNCHANGED <<controllerVars, process, lease, exchange, nextId, left>>

(* BrokerLeases: heartbeats were not answered for so long that the controller may soon give up this broker. *)
LoseLease(r) ==
  /\ TimelyLeases /\ Up(r) /\ lease[r] /\ left.fence > 0
  /\ lease' = [lease EXCEPT ![r] = FALSE]
  /\ left' = [left EXCEPT !.fence = @ - 1]
  /\ UNCHANGED <<controllerVars, process, applied, replicaVars, leaderVars, exchange, historyVars, nextId>>

(* BrokerLeases: a heartbeat is answered before it came to that. A leader commits what has become durable meanwhile. *)
RenewLease(r) ==
  /\ Up(r) /\ ~lease[r] /\ r \notin Fenced
  /\ lease' = [lease EXCEPT ![r] = TRUE]
  /\ IF Known(r).leader = r
       THEN Advance(r, Known(r), proposal[r], progress[r], log[r], synced[r])
       ELSE UNCHANGED <<highWatermark, historyVars>>
  /\ UNCHANGED <<controllerVars, process, applied, log, synced, leaderVars, exchange, nextId, left>>

(* GroupSync: what was appended up to some moment is durable. A leader's own end counts like a follower's (LeaderMachine.localEnd). *)
Sync(r) ==
  /\ Durability = "sync" /\ Up(r)
  /\ \E end \in synced[r] + 1..Len(log[r]) :
       /\ synced' = [synced EXCEPT ![r] = end]
       /\ IF Leads(r)
            THEN Advance(r, Known(r), proposal[r], progress[r], log[r], end)
            ELSE UNCHANGED <<highWatermark, historyVars>>
  /\ UNCHANGED <<controllerVars, brokerVars, log, leaderVars, exchange, nextId, left>>

----------------------------------------------------------------------------
(* A leader. Java: LeaderMachine; the log is a PartitionLog *)

(* A producer's record is appended, unless acks=all can't be kept (NOT_ENOUGH_REPLICAS). *)
Write(r) ==
  /\ Leads(r) /\ nextId <= MaxRecord
  /\ Acks = "one" \/ Cardinality(Known(r).isr) >= MinIsr
  /\ LET lg == Append(log[r], [epoch |-> Epoch(r), id |-> nextId])
     IN /\ log' = [log EXCEPT ![r] = lg]
        /\ Advance(r, Known(r), proposal[r], progress[r], lg, synced[r])
  /\ nextId' = nextId + 1
  /\ UNCHANGED <<controllerVars, brokerVars, synced, leaderVars, exchange, left>>

(* A follower lags, and is proposed to leave the ISR. model: which one seems slow, and when, is a fault.  *)
ProposeShrink(r) ==
  /\ Leads(r) /\ proposal[r] = None /\ left.shrink > 0
  /\ \E x \in Known(r).isr \ {r} :
       proposal' = [proposal EXCEPT ![r] =
         [isr |-> Known(r).isr \ {x}, joins |-> {}, brokerEpoch |-> 0, partitionEpoch |-> applied[r], copies |-> "one"]]
  /\ left' = [left EXCEPT !.shrink = @ - 1]
  /\ UNCHANGED <<controllerVars, brokerVars, replicaVars, epochStart, progress, exchange, historyVars, nextId>>

(* A follower has caught up, and is proposed to join the ISR: with the high watermark, and with where this epoch began, as the
   high watermark of a new leader may lag behind what was committed before it (KAFKA-7128). From now on it counts (KIP-497). *)
ProposeExpand(r) ==
  /\ Leads(r) /\ proposal[r] = None
  /\ \E x \in Replica \ Known(r).isr :
       /\ progress[r][x].offset >= highWatermark[r]   \* so it has been heard: see NotHeard
       /\ progress[r][x].offset >= epochStart[r] \/ Bug("EpochStartIgnored")
       /\ proposal' = [proposal EXCEPT ![r] =
            [isr |-> Known(r).isr \cup {x}, joins |-> {x}, brokerEpoch |-> progress[r][x].brokerEpoch,
             partitionEpoch |-> applied[r], copies |-> "one"]]
  /\ UNCHANGED <<controllerVars, brokerVars, replicaVars, epochStart, progress, exchange, historyVars, nextId, left>>

(* A fetch m of follower f that its leader does not answer. Of another epoch than the leader's, whichever is older (KIP-320). Or
   of a predecessor of a process that has fetched already: it says what the predecessor had, while the successor may be in sync,
   with less, and counts (KIP-903). That the broker epoch is looked at when f joins is not enough: the late fetch may come after
   that. *)
Refused(f, m) ==
  \/ ~Leads(m.to)
  \/ m.leaderEpoch # Epoch(m.to) /\ ~Bug("EpochUnchecked")
  \/ m.brokerEpoch < progress[m.to][f].brokerEpoch /\ ~Bug("PredecessorCounts")
EndAsked(m) == EndOfEpoch(log[m.to], m.lastEpoch, Epoch(m.to))

(* The leader's part of the follower's last epoch ends before the follower's, or it has no such epoch: what the follower has
   beyond was never committed (KIP-101, KIP-279). *)
Diverges(m) ==
  /\ m.offset > 0 /\ ~Bug("DivergenceUnchecked")
  /\ EndAsked(m).offset < m.offset \/ (EndAsked(m).epoch < m.lastEpoch /\ ~Bug("DivergenceByOffset"))

Noted(f, m) == [progress[m.to] EXCEPT ![f] = [offset |-> m.offset, brokerEpoch |-> m.brokerEpoch]]

(* A fetch has arrived that is not the leader's to answer. model: the refusal has nothing to say but "try again", so its way back
   is left out. So it is when the process that asked is gone: connections end with their processes, requests may still arrive. *)
RefuseFetch(f, x) ==
  LET m == exchange[f][x] IN
  /\ m.kind = "fetch" /\ Up(m.to) /\ Refused(f, m)
  /\ exchange' = [exchange EXCEPT ![f][x] = None]
  /\ UNCHANGED <<controllerVars, brokerVars, replicaVars, leaderVars, historyVars, nextId, left>>

Answer(f, x, answer) ==
  exchange' = [exchange EXCEPT ![f][x] =
    IF Up(f) /\ exchange[f][x].brokerEpoch = registration[f].brokerEpoch THEN answer ELSE None]

(* The follower has what this leader has not. It is told where the leader's part of its last epoch ends, and nothing is noted: its
   offset counts records of another history.                                                                                 *)
ServeDivergence(f, x) ==
  LET m == exchange[f][x] IN
  /\ m.kind = "fetch" /\ Up(m.to) /\ ~Refused(f, m) /\ Diverges(m)
  /\ Answer(f, x, [kind |-> "diverging", leaderEpoch |-> m.leaderEpoch, offset |-> m.offset, end |-> EndAsked(m)])
  /\ IF Bug("DivergingFetchCounts")
       THEN /\ progress' = [progress EXCEPT ![m.to] = Noted(f, m)]
            /\ Advance(m.to, Known(m.to), proposal[m.to], Noted(f, m), log[m.to], synced[m.to])
       ELSE UNCHANGED <<progress, highWatermark, historyVars>>
  /\ UNCHANGED <<controllerVars, brokerVars, log, synced, epochStart, proposal, nextId, left>>

(* The follower has everything below its offset. That is noted, moves the high watermark, and records are sent, synced here or
   not: leader and followers sync side by side. *)
ServeRecords(f, x) ==
  LET m  == exchange[f][x]
      l  == m.to
      to == Least({Len(log[l]), m.offset + BatchSize})
  IN /\ m.kind = "fetch" /\ Up(l) /\ ~Refused(f, m) /\ ~Diverges(m)
     /\ progress' = [progress EXCEPT ![l] = Noted(f, m)]
     /\ Advance(l, Known(l), proposal[l], Noted(f, m), log[l], synced[l])
     /\ Answer(f, x, [kind |-> "records", leaderEpoch |-> m.leaderEpoch, offset |-> m.offset,
                      records |-> SubSeq(log[l], m.offset + 1, to), highWatermark |-> highWatermark'[l]])
     /\ UNCHANGED <<controllerVars, brokerVars, log, synced, epochStart, proposal, nextId, left>>

----------------------------------------------------------------------------
(* A follower. Java: FollowerMachine *)

(* Whether what is in flight is f's present exchange with its leader: of this epoch, and of this process. *)
Present(f, m) == m # None /\ m.leaderEpoch = Epoch(f) /\ (m.kind = "fetch" => m.brokerEpoch = registration[f].brokerEpoch)

(* model: a fetch with nothing to say or to learn changes nothing, so it is left out, if not IdleFetches. *)
Useful(f, l) ==
  \/ log[f] # log[l] \/ highWatermark[f] # highWatermark[l]
  \/ progress[l][f] # [offset |-> Len(log[f]), brokerEpoch |-> registration[f].brokerEpoch]

(* It asks for what comes after its log, and says which epoch its log ends with. With sync durability it has synced first, so
   a fetch offset is an acknowledgement of durable records. One exchange at a time.                                        *)
SendFetch(f, x) ==
  /\ Follows(f)
  /\ Durability = "sync" => synced[f] = Len(log[f]) \/ Bug("FetchesBeyondDurable")
  /\ exchange[f][x] = None /\ \A y \in Exchange : ~Present(f, exchange[f][y])
  /\ IdleFetches \/ Useful(f, Known(f).leader)
  /\ exchange' = [exchange EXCEPT ![f][x] =
       [kind |-> "fetch", to |-> Known(f).leader, leaderEpoch |-> Epoch(f), brokerEpoch |-> registration[f].brokerEpoch,
        offset |-> Len(log[f]), lastEpoch |-> LastEpoch(log[f])]]
  /\ UNCHANGED <<controllerVars, brokerVars, replicaVars, leaderVars, historyVars, nextId, left>>

(* It gives up a fetch that its leader is too dead to answer, or that is not of its present epoch or process. *)
GiveUpFetch(f, x) ==
  /\ exchange[f][x].kind = "fetch" /\ Up(f)
  /\ ~Up(exchange[f][x].to) \/ ~Present(f, exchange[f][x])
  /\ exchange' = [exchange EXCEPT ![f][x] = None]
  /\ UNCHANGED <<controllerVars, brokerVars, replicaVars, leaderVars, historyVars, nextId, left>>

(* Records are appended, and the leader's high watermark is taken over as far as the log goes. *)
TakeRecords(f, x) ==
  LET m  == exchange[f][x]
      lg == log[f] \o m.records
      h  == IF Bug("HighWatermarkBeyondEnd") THEN m.highWatermark ELSE Least({m.highWatermark, Len(lg)})
  IN /\ m.kind = "records" /\ Follows(f) /\ Present(f, m)
     /\ log' = [log EXCEPT ![f] = lg]
     /\ highWatermark' = [highWatermark EXCEPT ![f] = Greatest({@, h})]
     /\ exchange' = [exchange EXCEPT ![f][x] = None]
     /\ UNCHANGED <<controllerVars, brokerVars, synced, leaderVars, historyVars, nextId, left>>

(* It cuts where its history and its leader's part, as far as it knows, and asks again: the next answer may tell it to cut
   further, until they agree. What was cut stays cut: PartitionLog.truncateTo is durable when it returns. *)
TakeDivergence(f, x) ==
  LET m   == exchange[f][x]
      cut == IF Bug("OwnEpochsIgnored") THEN Least({Len(log[f]), m.end.offset}) ELSE CutPoint(log[f], m.end)
  IN /\ m.kind = "diverging" /\ Follows(f) /\ Present(f, m)
     /\ log' = [log EXCEPT ![f] = Below(@, cut)]
     /\ synced' = [synced EXCEPT ![f] = Least({@, cut})]
     /\ highWatermark' = [highWatermark EXCEPT ![f] = Least({@, cut})]
     /\ exchange' = [exchange EXCEPT ![f][x] = None]
     /\ UNCHANGED <<controllerVars, brokerVars, leaderVars, historyVars, nextId, left>>

(* An answer of an epoch that is over says nothing. *)
DropAnswer(f, x) ==
  LET m == exchange[f][x] IN
  /\ m.kind \in {"records", "diverging"} /\ ~(Follows(f) /\ Present(f, m))
  /\ exchange' = [exchange EXCEPT ![f][x] = None]
  /\ UNCHANGED <<controllerVars, brokerVars, replicaVars, leaderVars, historyVars, nextId, left>>

----------------------------------------------------------------------------
(* A consumer. Java: FetchHandler *)

(* It reads what is committed for all that a replica knows, of any replica (KIP-392). A replica that knows less than the consumer
   has read makes it wait; to tell it that its offset is out of range would send it back. *)
Read(c, r) ==
  LET end == highWatermark[r] IN
  /\ Up(r)
  /\ end > Len(received[c]) \/ (Bug("LaggingReplicaResets") /\ end < Len(received[c]))
  /\ received' = [received EXCEPT ![c] = Below(@, end) \o SubSeq(log[r], Len(@) + 1, end)]
  /\ UNCHANGED <<controllerVars, brokerVars, replicaVars, leaderVars, exchange, committed, acked, nextId, left>>

(* Whether a broker answers where the log ends (ListOffsets): as its leader, and only when it knows all that was committed before
   its epoch (KIP-207). *)
TellsEnd(r) == Leads(r) /\ (highWatermark[r] >= epochStart[r] \/ Bug("TellsEndTooEarly"))

----------------------------------------------------------------------------
(* The world *)

(* A process ends, and with it what it did not store. What it has asked for, of its leader or of the controller, may still arrive;
   answers find nobody. *)
Ends(r) ==
  /\ epochStart' = [epochStart EXCEPT ![r] = 0]
  /\ progress' = [progress EXCEPT ![r] = [f \in Replica |-> NotHeard]]
  /\ exchange' = [exchange EXCEPT ![r] = [x \in Exchange |-> IF @[x].kind = "fetch" THEN @[x] ELSE None]]
  /\ UNCHANGED <<controllerVars, applied, lease, proposal, historyVars, nextId>>

(* A clean stop: everything is synced, and the mark is set. *)
Stop(r) ==
  /\ Up(r) /\ left.stop > 0
  /\ process' = [process EXCEPT ![r] = "stopped"]
  /\ synced' = [synced EXCEPT ![r] = IF Durability = "sync" THEN Len(log[r]) ELSE 0]
  /\ left' = [left EXCEPT !.stop = @ - 1]
  /\ Ends(r) /\ UNCHANGED <<log, highWatermark>>

(* A crash, of the process or of the machine: what is synced stays, and any part of what comes after it. Of the high watermark
   there was a checkpoint at best; the oldest is none. *)
Crash(r) ==
  /\ Up(r) /\ left.crash > 0
  /\ process' = [process EXCEPT ![r] = "crashed"]
  /\ \E end \in synced[r]..Len(log[r]) :
       /\ log' = [log EXCEPT ![r] = Below(@, end)]
       /\ synced' = [synced EXCEPT ![r] = IF Durability = "sync" THEN end ELSE 0]
  /\ highWatermark' = [highWatermark EXCEPT ![r] = 0]
  /\ left' = [left EXCEPT !.crash = @ - 1]
  /\ Ends(r)

----------------------------------------------------------------------------
Init ==
  /\ \E l \in Replica :
       metadata = <<[leader |-> l, leaderEpoch |-> 1, isr |-> Replica, elr |-> {}, unclean |-> FALSE]>>
  /\ registration = [r \in Replica |-> [fenced |-> FALSE, brokerEpoch |-> 1]]
  /\ process = [r \in Replica |-> "up"]
  /\ applied = [r \in Replica |-> 1]
  /\ lease = [r \in Replica |-> TRUE]
  /\ log = [r \in Replica |-> <<>>]
  /\ synced = [r \in Replica |-> 0]
  /\ highWatermark = [r \in Replica |-> 0]
  /\ epochStart = [r \in Replica |-> 0]
  /\ progress = [r \in Replica |-> [f \in Replica |-> NotHeard]]
  /\ proposal = [r \in Replica |-> None]
  /\ exchange = [r \in Replica |-> [x \in Exchange |-> None]]
  /\ committed = <<>> /\ acked = {} /\ received = [c \in Consumer |-> <<>>]
  /\ nextId = 1
  /\ left = [crash |-> MaxCrash, stop |-> MaxStop, fence |-> MaxFence, shrink |-> MaxShrink, doubt |-> MaxDoubt]

Next ==
  \E r \in Replica :
    \/ Fence(r) \/ Unfence(r) \/ Register(r) \/ ElectUnclean(r) \/ AcceptProposal(r) \/ RefuseProposal(r)
    \/ HearRefusal(r) \/ RepeatProposal(r) \/ WithdrawProposal(r) \/ ApplyMetadata(r) \/ LoseLease(r) \/ RenewLease(r) \/ Sync(r)
    \/ Write(r) \/ ProposeShrink(r) \/ ProposeExpand(r)
    \/ Stop(r) \/ Crash(r)
    \/ \E x \in Exchange :
         \/ RefuseFetch(r, x) \/ ServeDivergence(r, x) \/ ServeRecords(r, x)
         \/ SendFetch(r, x) \/ GiveUpFetch(r, x) \/ TakeRecords(r, x) \/ TakeDivergence(r, x) \/ DropAnswer(r, x)
    \/ \E c \in Consumer : Read(c, r)

Spec == Init /\ [][Next]_vars

----------------------------------------------------------------------------
(* Properties: safety *)

Record   == [epoch : Nat, id : Nat]
TypeOK ==
  /\ \A i \in 1..Len(metadata) :
       LET p == metadata[i] IN /\ p.leader \in Replica \cup {Nobody} /\ p.leaderEpoch \in Nat \ {0}
                               /\ p.isr \subseteq Replica /\ p.elr \subseteq Replica /\ p.unclean \in BOOLEAN
  /\ registration \in [Replica -> [fenced : BOOLEAN, brokerEpoch : Nat \ {0}]]
  /\ process \in [Replica -> {"up", "stopped", "crashed"}]
  /\ applied \in [Replica -> 1..Len(metadata)]
  /\ lease \in [Replica -> BOOLEAN]
  /\ \A r \in Replica :
       /\ \A i \in 1..Len(log[r]) : log[r][i] \in Record
       /\ synced[r] \in 0..Len(log[r]) /\ highWatermark[r] \in Nat /\ epochStart[r] \in 0..Len(log[r])
       /\ \A f \in Replica : progress[r][f] = NotHeard \/ progress[r][f] \in [offset : Nat, brokerEpoch : Nat \ {0}]
       /\ \/ proposal[r] = None
          \/ proposal[r] \in [isr : SUBSET Replica, joins : SUBSET Replica, brokerEpoch : Nat, partitionEpoch : 1..applied[r],
                             copies : {"one", "many", "refused"}]
       /\ \A x \in Exchange : exchange[r][x].kind \in {"none", "fetch", "records", "diverging"}
  /\ DOMAIN received = Consumer /\ nextId \in 1..MaxRecord + 1

(* The leader that the controller means, once it knows of its reign. *)
InCharge(r) == Up(r) /\ Known(r).leader = r /\ Current.leader = r /\ Epoch(r) = Current.leaderEpoch

(* A leader epoch has one leader. *)
OneLeader == \A r, s \in Replica : Leads(r) /\ Leads(s) /\ Epoch(r) = Epoch(s) => r = s

(* Logs that have a record of the same epoch at the same offset are equal up to there. *)
LogMatching ==
  \A r, s \in Replica : \A i \in 1..Len(log[r]) :
    i <= Len(log[s]) /\ log[r][i].epoch = log[s][i].epoch => Below(log[r], i) = Below(log[s], i)

(* A leader has everything that was committed, at its place. *)
LeaderComplete == \A r \in Replica : InCharge(r) => IsPrefix(committed, log[r])

(* So has everyone who could be elected without a loss, unless its process has crashed and may not have come back with its log. *)
CandidateComplete ==
  \A r \in Current.isr \cup Current.elr : Durability = "sync" \/ process[r] # "crashed" => IsPrefix(committed, log[r])

(* Whoever could be elected counts for the high watermark of the present leader, while that may advance. *)
Superset ==
  \A r \in Replica : InCharge(r) /\ Cardinality(Known(r).isr) >= MinIsr
                     => Current.isr \cup Current.elr \subseteq MaximalIsr(Known(r), proposal[r])

(* What lies below any replica's high watermark is committed. Consumers may read it there. *)
HighWatermarkCommitted ==
  \A r \in Replica : highWatermark[r] <= Len(log[r]) /\ IsPrefix(Below(log[r], highWatermark[r]), committed)

(* A fenced broker is not in sync. *)
FencedOut == Current.isr \cap Fenced = {}

(* ISR and ELR are disjoint, the leader is in sync, and replicas are eligible only while fewer than min.insync.replicas are in
   sync. *)
EligibleRules ==
  /\ Current.isr \cap Current.elr = {}
  /\ Current.leader # Nobody => Current.leader \in Current.isr
  /\ Cardinality(Current.isr) >= MinIsr => Current.elr = {}

(* What was acknowledged is in the leader's log. *)
AckedInLeader == \A r \in Replica : InCharge(r) => acked \subseteq Range(Ids(log[r]))

(* With acks=all, what was acknowledged is committed. *)
AckedCommitted == Acks = "all" => acked \subseteq Range(Ids(committed))

(* An answer to a follower's present exchange continues its log, so it need not compare offsets. *)
AnswerFits ==
  \A f \in Replica : \A x \in Exchange :
    LET m == exchange[f][x] IN m.kind \in {"records", "diverging"} /\ Follows(f) /\ Present(f, m) => m.offset = Len(log[f])

----------------------------------------------------------------------------
(* Properties: leases. Nothing above needs them *)

(* With timely leases there is no moment at which two brokers act as leader. *)
OneActingLeader == TimelyLeases => \A r, s \in Replica : Leads(r) /\ Leads(s) => r = s

(* With timely leases the end that a broker tells is at least everything that was committed by then, by whomever. *)
FreshEnd == TimelyLeases => \A r \in Replica : TellsEnd(r) => highWatermark[r] = Len(committed)

----------------------------------------------------------------------------
(* Properties: loss *)

Crashes == MaxCrash - left.crash
Copies  == {r \in Replica : IsPrefix(committed, log[r])}

(* With sync durability what is committed is on the disks of min.insync.replicas replicas, whatever crashes. With page-cache
   durability each crash may take one copy, and nothing else does. *)
LossTolerance ==
  IF Durability = "sync" THEN Cardinality({r \in Copies : synced[r] >= Len(committed)}) >= MinIsr
                         ELSE Cardinality(Copies) >= MinIsr - Crashes

(* With sync durability there are always min.insync.replicas replicas that could be elected if they were alive. With page-cache
   durability each crash may take one, and nothing else does: after fewer crashes the partition comes back by itself. *)
CandidatesLeft == Cardinality(Current.isr \cup Current.elr) >= MinIsr - (IF Durability = "sync" THEN 0 ELSE Crashes)

(* If something acknowledged is not in the leader's log, an unclean election is on record. *)
LossExplained == AckedInLeader \/ \E i \in 1..Len(metadata) : metadata[i].unclean

----------------------------------------------------------------------------
(* Properties: steps, and what it implements *)

(* Nothing committed is taken back or changed. *)
CommittedGrows == [][IsPrefix(committed, committed')]_committed

(* Decisions are never taken back, and leader epochs and broker epochs never go down. *)
EpochsGrow ==
  [][ /\ IsPrefix(metadata, metadata')
      /\ metadata'[Len(metadata')].leaderEpoch >= Current.leaderEpoch
      /\ \A r \in Replica : registration'[r].brokerEpoch >= registration[r].brokerEpoch /\ applied'[r] >= applied[r]
    ]_<<metadata, registration, applied>>

(* A log loses records in two ways: a crash takes what was not synced, or a follower cuts, never what it knows to be committed. *)
LogsKept ==
  [][ \A r \in Replica :
        \/ IsPrefix(log[r], log'[r])
        \/ IsPrefix(log'[r], log[r]) /\ process[r] = "up" /\ process'[r] = "crashed" /\ Len(log'[r]) >= synced[r]
        \/ IsPrefix(log'[r], log[r]) /\ Follows(r) /\ Len(log'[r]) >= highWatermark[r] ]_log

(* A high watermark goes back only in a crash; with it, no consumer of one replica goes back. *)
HighWatermarkGrows == [][\A r \in Replica : highWatermark'[r] >= highWatermark[r] \/ process'[r] = "crashed"]_highWatermark

(* No consumer is sent back, whichever replicas it reads. *)
ConsumersGoOn == [][\A c \in Consumer : IsPrefix(received[c], received'[c])]_received

(* What producers wrote is what is promised: that a record also has an epoch is the protocol's own affair. *)
CommittedLog == INSTANCE CommittedLog WITH
  Value <- 1..MaxRecord, Reader <- Consumer, log <- Ids(committed), received <- [c \in Consumer |-> Ids(received[c])]
ImplementsCommittedLog == CommittedLog!Promise

----------------------------------------------------------------------------
(* Properties: liveness. Faults are bounded, and what follows them happens: processes start again, messages arrive *)

ExchangeGoesOn(r) ==
  \E x \in Exchange : \/ SendFetch(r, x) \/ GiveUpFetch(r, x) \/ RefuseFetch(r, x) \/ ServeDivergence(r, x) \/ ServeRecords(r, x)
                      \/ TakeRecords(r, x) \/ TakeDivergence(r, x) \/ DropAnswer(r, x)

(* Everything but that a process which is down starts again. *)
FairWithoutReturn ==
  \A r \in Replica :
    /\ WF_vars(Unfence(r) \/ RenewLease(r)) /\ WF_vars((~Up(r) \/ TimelyLeases) /\ Fence(r))
    /\ WF_vars(ApplyMetadata(r)) /\ WF_vars(Sync(r)) /\ WF_vars(ExchangeGoesOn(r))
    /\ WF_vars(ProposeExpand(r) \/ AcceptProposal(r) \/ RefuseProposal(r) \/ HearRefusal(r) \/ WithdrawProposal(r))
Fair == FairWithoutReturn /\ \A r \in Replica : WF_vars(Register(r))

(* model: liveness has no symmetry, so the first leader is always the same one. *)
LiveSpec              == Init /\ Current.leader = (CHOOSE r \in Replica : TRUE) /\ [][Next]_vars /\ Fair
LiveSpecWithoutReturn == Init /\ Current.leader = (CHOOSE r \in Replica : TRUE) /\ [][Next]_vars /\ FairWithoutReturn

(* A partition without a leader gets one. *)
LeaderAgain == Current.leader = Nobody ~> Current.leader # Nobody

(* In the end everyone is up, in sync and alike. *)
Healed ==
  /\ Current.leader # Nobody /\ Current.isr = Replica
  /\ \A r \in Replica : /\ Up(r) /\ ~registration[r].fenced /\ applied[r] = Len(metadata)
                         /\ log[r] = log[Current.leader] /\ highWatermark[r] = Len(log[r])
Heals == <>[]Healed

(* A producer's wait ends: its record is acknowledged, or the reign that took it is over (it is told NOT_LEADER_OR_FOLLOWER). *)
Waits(id) ==
  \E r \in Replica : /\ Up(r) /\ Known(r).leader = r
                     /\ \E i \in 1..Len(log[r]) : log[r][i] = [epoch |-> Epoch(r), id |-> id]
                     /\ id \notin acked
WriteDecided == \A id \in 1..MaxRecord : Waits(id) ~> ~Waits(id)

(* A proposal is accepted or refused, or the reign that made it is over, or the process. *)
ProposeDecided == \A r \in Replica : proposal[r] # None ~> proposal[r] = None \/ ~Up(r)

----------------------------------------------------------------------------
(* model: what must be reached, so that nothing above holds because nothing happens *)

DivergenceFound       == \E f \in Replica : \E x \in Exchange : exchange[f][x].kind = "diverging"
PredecessorsFetch ==
  \E f \in Replica : \E x \in Exchange :
    LET m == exchange[f][x] IN m.kind = "fetch" /\ m.brokerEpoch < registration[f].brokerEpoch
RefusedByEpoch ==
  \E f \in Replica : \E x \in Exchange : LET m == exchange[f][x] IN m.kind = "fetch" /\ Leads(m.to) /\ Refused(f, m)
TwoActingLeaders      == \E r, s \in Replica : r # s /\ Leads(r) /\ Leads(s)
AcceptedNotHeard ==
  \E r \in Replica : /\ proposal[r] # None /\ Current.leader = r /\ Current.isr = proposal[r].isr
                     /\ proposal[r].partitionEpoch < Len(metadata)
StandsInDoubt ==
  \E r \in Replica : proposal[r] # None /\ proposal[r].copies = "many" /\ proposal[r].joins # {} /\ ProposalStands(r)
ElectedFromEligible   == Len(metadata) > 1 /\ Current.leader # Nobody /\ Current.leader \in metadata[Len(metadata) - 1].elr
CommittedByTwoEpochs  == \E i, j \in 1..Len(committed) : committed[i].epoch # committed[j].epoch
CommittedUnacked      == ~(Range(Ids(committed)) \subseteq acked)
CommittedLostSomewhere == \E r \in Replica : process[r] = "crashed" /\ ~IsPrefix(committed, log[r])
TailLostSynced        == \E r \in Replica : process[r] = "crashed" /\ \E s \in Replica : Len(log[s]) > Len(log[r])
NobodyLeads           == Current.leader = Nobody
LeaderBelowMinIsr     == Current.leader # Nobody /\ Cardinality(Current.isr) < MinIsr /\ Current.elr # {} /\ committed # <<>>
UncleanElected        == Current.unclean
CommittedLostByElection == Current.unclean /\ ~AckedInLeader
LapsedBeforeFence     == \E r \in Replica : Up(r) /\ Known(r).leader = r /\ Current.leader = r /\ ~lease[r]
FollowerReadBehind    == \E c \in Consumer : \E r \in Replica : Up(r) /\ highWatermark[r] < Len(received[c])

----------------------------------------------------------------------------
(* model: views *)

(* Decisions that everyone has applied, and how many there were, make no difference to what follows. *)
Lag(r) == IF Up(r) THEN Len(metadata) - applied[r] ELSE 0
View ==
  LET oldest == Len(metadata) - Greatest({Lag(r) : r \in Replica})
  IN <<SubSeq(metadata, oldest, Len(metadata)), [r \in Replica |-> Lag(r)], registration, process, lease, log, synced,
       highWatermark, epochStart, progress,
       [r \in Replica |-> IF proposal[r] = None THEN None ELSE [proposal[r] EXCEPT !.partitionEpoch = Len(metadata) - @]],
       exchange, committed, acked, received, nextId, left>>
=============================================================================
