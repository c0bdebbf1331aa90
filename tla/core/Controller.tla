----------------------------- MODULE Controller -----------------------------
(***************************************************************************)
(* Controllers come and go, and a controller that was deposed may not know *)
(* it yet: requests still reach it, it decides them, it appends.  Claimed: *)
(* that changes nothing.                                                   *)
(*                                                                         *)
(*   - ImplementsAtomicController: the committed decisions are those of    *)
(*     one controller that takes one request at a time, each decision on   *)
(*     all before it.  This is what allows Isr to have an atomic one.      *)
(*   - AcceptedIsCommitted: who was told "accepted" finds it in the        *)
(*     committed decisions.                                                *)
(*   - RefusalIsFinal: who was told "refused" was late for good; the       *)
(*     request could not be accepted by anybody any more.                  *)
(*                                                                         *)
(* Isr uses just that: acceptance is what stands in the metadata log, and  *)
(* a refusal means that the log has moved on.  The metadata log is the     *)
(* quorum's (Quorum): only the newest reign commits, and the next one      *)
(* begins with what is committed and some piece of what was not.           *)
(***************************************************************************)
EXTENDS Integers, FiniteSets, Logs, TLC

CONSTANTS
  Node,         \* controllers
  MaxReign,     \* model: bound.  A reign is one controller's time in charge, the epoch of the metadata quorum
  MaxRequest    \* model: bound.  How many requests brokers send

CONSTANT Bugs
Bug(b) == b \in Bugs

VARIABLES
  \* The metadata log.
  log,          \* decisions that are committed: requests that were accepted
  reign,        \* number of the newest reign
  \* Controllers.
  active,       \* the reign that the controller believes to be in, 0 when none
  tail,         \* its decisions, from the first one of log on; those beyond what is committed may still be lost
  pending,      \* its answers that wait: [request, accepted, length]; length is how much must be committed before they leave
  known,        \* how much of log it knows to be committed
  \* Brokers.
  sent,         \* requests: [id, version]; version is that of the newest decision that the broker has seen
  answers       \* [request, accepted]

vars == <<log, reign, active, tail, pending, known, sent, answers>>

Requests == [id : 1..MaxRequest, version : 0..MaxRequest]
Atomic == INSTANCE AtomicController WITH Request <- Requests

-----------------------------------------------------------------------------
(* Brokers. *)

(* A broker asks for a change of what it knows.  The request may arrive anywhere, late, and more than once. *)
Ask(version) ==
  /\ Cardinality(sent) < MaxRequest
  /\ version <= Len(log)
  /\ sent' = sent \cup {[id |-> Cardinality(sent) + 1, version |-> version]}
  /\ UNCHANGED <<log, reign, active, tail, pending, known, answers>>

-----------------------------------------------------------------------------
(* Controllers.  ControllerMachine and its host, the metadata loop. *)

(* A node wins an election (Quorum).  It begins with all that is committed and what it has of the rest, has folded all of it, and
   its first commit will commit that too.  The one before it is not told.  BecameActive; a new ControllerMachine each time. *)
Elect(c) ==
  /\ reign < MaxReign /\ active[c] # reign + 1
  /\ \E d \in Node : \E n \in Len(log)..Len(tail[d]) :
       /\ n > Len(log) => active[d] = reign  \* who was deposed before that has nothing to leave, Quorum's LeaderComplete
       /\ tail' = [tail EXCEPT ![c] = log \o SubSeq(tail[d], Len(log) + 1, n)]
  /\ reign'   = reign + 1
  /\ active'  = [active EXCEPT ![c] = reign + 1]
  /\ known'   = [known EXCEPT ![c] = Len(log)]
  /\ pending' = [pending EXCEPT ![c] = IF Bug("KeepsPending") THEN @ ELSE {}]
  /\ UNCHANGED <<log, sent, answers>>

(* A request arrives at a node that believes to be in charge.  It decides on all that it has appended, committed or not, and the
   answer waits until what it rests on is committed.  A request that knows more than the controller is not for it to refuse: it
   has been deposed, and says so.  ControllerMachine.step, AppendRecords.onceCommitted; KAFKA-14154. *)
DecideOn(c, q) ==
  LET decisions == IF Bug("DecidesOnCommitted") THEN SubSeq(tail[c], 1, known[c]) ELSE tail[c]
      accepted  == Atomic!Accepts(decisions, q)
      length    == IF Bug("AnswersAtOnce") THEN 0 ELSE IF accepted THEN Len(tail[c]) + 1
                   ELSE IF Bug("RefusesAtOnce") THEN 0 ELSE Len(tail[c])
      answer    == [request |-> q, accepted |-> accepted, length |-> length]
  IN /\ active[c] > 0
     /\ q.version <= Atomic!Version(decisions) \/ Bug("RefusesTheUnknown")
     /\ answer \notin pending[c] /\ [request |-> q, accepted |-> accepted] \notin answers   \* model: no step without effect
     /\ tail'    = IF accepted THEN [tail EXCEPT ![c] = Append(@, q)] ELSE tail
     /\ pending' = [pending EXCEPT ![c] = @ \cup {answer}]
     /\ UNCHANGED <<log, reign, active, known, sent, answers>>
Decide(c) == \E q \in sent : DecideOn(c, q)

(* What the newest reign has appended is committed, or the first piece of it.  AppendRecords by way of Quorum. *)
Commit(c) ==
  /\ active[c] = reign \/ (Bug("DeposedCommits") /\ active[c] > 0)
  /\ \E n \in (Len(log) + 1)..Len(tail[c]) :
       /\ log'   = SubSeq(tail[c], 1, n)
       /\ known' = [known EXCEPT ![c] = n]
  /\ UNCHANGED <<reign, active, tail, pending, sent, answers>>

(* An answer leaves; ControllerEffect.Reply. *)
Answer(c) ==
  /\ \E a \in pending[c] :
       /\ active[c] > 0 /\ a.length <= known[c]
       /\ answers' = answers \cup {[request |-> a.request, accepted |-> a.accepted]}
       /\ pending' = [pending EXCEPT ![c] = @ \ {a}]
  /\ UNCHANGED <<log, reign, active, tail, known, sent>>

(* A controller hears that there is another, and its machine is thrown away with every answer that still waits. *)
Retire(c) ==
  /\ active[c] \in 1..(reign - 1)
  /\ active'  = [active EXCEPT ![c] = 0]
  /\ pending' = [pending EXCEPT ![c] = {}]
  /\ tail'    = [tail EXCEPT ![c] = <<>>]
  /\ known'   = [known EXCEPT ![c] = 0]
  /\ UNCHANGED <<log, reign, sent, answers>>

Init ==
  /\ log = <<>> /\ reign = 0
  /\ active = [c \in Node |-> 0] /\ tail = [c \in Node |-> <<>>] /\ pending = [c \in Node |-> {}] /\ known = [c \in Node |-> 0]
  /\ sent = {} /\ answers = {}

Next ==
  \/ \E v \in 0..MaxRequest : Ask(v)
  \/ \E c \in Node : Elect(c)
  \/ \E c \in Node : Decide(c)
  \/ \E c \in Node : Commit(c)
  \/ \E c \in Node : Answer(c)
  \/ \E c \in Node : Retire(c)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------

TypeOK ==
  /\ sent \subseteq Requests /\ reign \in 0..MaxReign
  /\ \A c \in Node : /\ active[c] \in 0..reign
                     /\ known[c] <= Len(tail[c]) /\ known[c] <= Len(log)
                     /\ \A a \in pending[c] : a.request \in sent

(* One node reigns at a time. *)
OneReign == \A c, d \in Node : active[c] = active[d] /\ active[c] > 0 => c = d

(* What a controller knows to be committed is. *)
KnownIsCommitted == \A c \in Node : active[c] > 0 => IsPrefix(SubSeq(tail[c], 1, known[c]), log)

(* A request is accepted once. *)
AcceptedOnce == \A i, j \in DOMAIN log : log[i] = log[j] => i = j

AcceptedIsCommitted == \A a \in answers : a.accepted => \E n \in DOMAIN log : log[n] = a.request

RefusalIsFinal == \A a \in answers : ~a.accepted => a.request.version < Len(log)

ImplementsAtomicController == Atomic!Spec

(* And what was accepted is a log as CommittedLog promises it, with the acceptances as what is acknowledged. *)
Promised == INSTANCE CommittedLog WITH
  acked <- {a.request : a \in {b \in answers : b.accepted}}, received <- <<>>, Value <- {}, Reader <- {}
ImplementsCommittedLog == Promised!Promise

(* What can be reached. *)
DeposedDecides   == \E c \in Node : active[c] \in 1..(reign - 1) /\ \E a \in pending[c] : a.accepted
DecisionLost     == \E c \in Node : active[c] \in 1..(reign - 1) /\ ~IsComparable(tail[c], log)
DecisionInherited == \E c \in Node : active[c] = reign /\ reign > 1 /\ Len(tail[c]) > Len(log) /\ pending[c] = {}
BothAnswered     == \E a, b \in answers : a.accepted /\ ~b.accepted
AcceptedButRefused == \E a, b \in answers : a.accepted /\ ~b.accepted /\ a.request = b.request
=============================================================================
