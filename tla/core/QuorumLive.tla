----------------------------- MODULE QuorumLive -----------------------------
(***************************************************************************)
(* That the quorum of the metadata gets anywhere: when a majority of the   *)
(* voters can talk to each other, one of them comes to lead and stays in   *)
(* place, whatever the others do; a leader that has lost its majority      *)
(* stops; nobody asks for pre-votes for ever (KIP-595, KIP-996).           *)
(*                                                                         *)
(* Quorum says what may happen at any time and is right about it at any    *)
(* time.  Here timers matter, so here there are links that can be cut,     *)
(* and a timer goes off only when what it waits for cannot come.  A        *)
(* request and its answer are one step.  All logs are alike: whose is      *)
(* newer is Quorum's matter.                                               *)
(***************************************************************************)
EXTENDS Integers, FiniteSets, TLC

CONSTANTS
  Server,
  Nobody,
  First,        \* who leads at first
  MaxCut        \* model: bound.  How often the network changes

CONSTANT Bugs
Bug(b) == b \in Bugs

VARIABLES
  role,         \* "Unattached", "Follower", "Prospective", "Candidate", "Leader" or "Resigned"
  epoch,        \* model: only their order matters, so they are moved together when it does not change
  voted,        \* in its epoch, or Nobody
  leader,       \* of its epoch, or Nobody
  heard,        \* a follower: it has fetched from the leader since it follows it
  granted,      \* who granted the vote or pre-vote that is being asked for
  refused,      \* who refused it
  down,         \* links that are cut: sets of two servers
  calm,         \* model: timers wait until messages have arrived, see below
  cuts          \* model: how often the network may still change

vars == <<role, epoch, voted, leader, heard, granted, refused, down, calm, cuts>>

-----------------------------------------------------------------------------

Links        == {l \in SUBSET Server : Cardinality(l) = 2}
Linked(s, t) == s # t /\ {s, t} \notin down
Peers(s)     == {t \in Server : Linked(s, t)}
Majority(q)  == 2 * Cardinality(q) > Cardinality(Server) \/ (Bug("HalfCounts") /\ 2 * Cardinality(q) = Cardinality(Server))
Leads(l, e)  == role[l] = "Leader" /\ epoch[l] = e

(* Model: epochs are compared, and raised by one.  So a gap of more than two between neighbours is as good as one of two, and the
   lowest is as good as 0.  What was possible stays possible, and there are finitely many states without a bound on epochs. *)
RECURSIVE Ranked(_, _)
Ranked(e, all) ==
  LET below == {x \in all : x < e}
      next  == CHOOSE x \in below : \A y \in below : x >= y
  IN IF below = {} THEN 0 ELSE Ranked(next, all) + (IF e - next > 2 THEN 2 ELSE e - next)
Close(epochs) == LET all == {epochs[s] : s \in Server} IN [s \in Server |-> Ranked(epochs[s], all)]

(* Another place in the quorum for each server in changes: [role, epoch, leader, voted]. *)
Move(changes) ==
  LET at(s) == s \in DOMAIN changes IN
  /\ role'    = [s \in Server |-> IF at(s) THEN changes[s].role   ELSE role[s]]
  /\ leader'  = [s \in Server |-> IF at(s) THEN changes[s].leader ELSE leader[s]]
  /\ voted'   = [s \in Server |-> IF at(s) THEN changes[s].voted  ELSE voted[s]]
  /\ epoch'   = Close([s \in Server |-> IF at(s) THEN changes[s].epoch ELSE epoch[s]])
  /\ heard'   = [s \in Server |-> heard[s] /\ ~at(s)]
  /\ granted' = [s \in Server |-> IF at(s) THEN {} ELSE granted[s]]
  /\ refused' = [s \in Server |-> IF at(s) THEN {} ELSE refused[s]]
Place(r, e, l, v) == [role |-> r, epoch |-> e, leader |-> l, voted |-> v]
Become(s, r, e, l, v) == Move([x \in {s} |-> Place(r, e, l, v)])

Asking(s)     == IF Bug("NoPreVote") THEN Place("Candidate", epoch[s] + 1, Nobody, s)
                 ELSE Place("Prospective", epoch[s], leader[s], voted[s])
Following(t)  == Place("Follower", epoch[t], leader[t], Nobody)           \* where t says who leads
Told(t)       == IF leader[t] # Nobody THEN Following(t) ELSE Place("Unattached", epoch[t], Nobody, Nobody)

(* One that answered: when that makes a majority, the round is won. *)
Count(s, t, yes, won) ==
  IF yes /\ Majority(granted[s] \cup {s, t})
    THEN Move(won)
    ELSE /\ granted' = [granted EXCEPT ![s] = IF yes THEN @ \cup {t} ELSE @]
         /\ refused' = [refused EXCEPT ![s] = IF yes THEN @ ELSE @ \cup {t}]
         /\ UNCHANGED <<role, epoch, voted, leader, heard>>

(* There is a leader that s can hear and has not heard of: a timer is long enough to wait for that. *)
Announces(l, s) ==
  /\ role[l] = "Leader" /\ Linked(l, s)
  /\ epoch[s] < epoch[l] \/ (epoch[s] = epoch[l] /\ leader[s] = Nobody)

(* Somebody has still something to ask, to tell or to fetch. *)
Busy ==
  \E s, t \in Server :
    /\ Linked(s, t)
    /\ \/ role[s] \in {"Prospective", "Candidate"} /\ (epoch[t] > epoch[s] \/ t \notin granted[s] \cup refused[s])
       \/ role[s] = "Leader" /\ epoch[t] > epoch[s]
       \/ Announces(s, t)
       \/ role[t] = "Follower" /\ leader[t] = s /\ Leads(s, epoch[t]) /\ ~heard[t]

-----------------------------------------------------------------------------
(* Timers.  QuorumMachine, TimePassed. *)

(* Timers are long, compared with the way of a message, and of random length.  So it happens again and again, and for any number of
   elections in a row, that one timer goes off so much earlier than the next that all that was asked is answered in between: calm.  It
   lasts until somebody leads and all have heard of it, or the network changes.  Afterwards timers go off as they like. *)
Waits == calm => ~Busy

(* A follower cannot reach the leader, or nobody is known to lead.  FetchTimedOut, ElectionTimedOut; KIP-595, KIP-996. *)
StartElection(s) ==
  /\ \/ role[s] \in {"Unattached", "Resigned"} /\ \A l \in Server : ~Announces(l, s)
     \/ role[s] = "Follower" /\ ~(Linked(s, leader[s]) /\ Leads(leader[s], epoch[s]))
  /\ Waits
  /\ Move([x \in {s} |-> Asking(s)])
  /\ UNCHANGED <<down, calm, cuts>>

(* Everybody in reach has answered, and it was not enough: back to the leader it knows, or to knowing none.  A candidate asks
   again, first whether it would win.  KIP-996. *)
ElectionTimesOut(s) ==
  /\ role[s] \in {"Prospective", "Candidate"} /\ Peers(s) \subseteq granted[s] \cup refused[s]
  /\ Waits
  /\ ~Bug("ProspectiveForEver") \/ role[s] # "Prospective"
  /\ IF role[s] = "Candidate" THEN Move([x \in {s} |-> Asking(s)])
     ELSE Become(s, IF leader[s] = Nobody THEN "Unattached" ELSE IF leader[s] = s THEN "Resigned" ELSE "Follower",
                 epoch[s], leader[s], voted[s])
  /\ UNCHANGED <<down, calm, cuts>>

(* A leader that no majority fetches from, itself included, has perhaps been replaced, and stops.  KIP-595, KAFKA-15489. *)
CheckQuorum(s) ==
  /\ role[s] = "Leader" /\ ~Bug("NeverResigns")
  /\ ~Majority(Peers(s) \cup IF Bug("ForgetsItself") THEN {} ELSE {s})
  /\ Become(s, "Resigned", epoch[s], s, s)
  /\ UNCHANGED <<down, calm, cuts>>

-----------------------------------------------------------------------------
(* Requests and their answers. *)

(* A server that asks for a pre-vote or vote meets a newer epoch, and is told who leads it. *)
MeetNewer(s, t) ==
  /\ role[s] \in {"Prospective", "Candidate"} /\ Linked(s, t) /\ epoch[t] > epoch[s]
  /\ Move([x \in {s} |-> Told(t)])
  /\ UNCHANGED <<down, calm, cuts>>

(* Asks for a pre-vote.  Granted by all but a leader and a follower that has heard from it; who refuses tells who leads, and who
   is told so follows.  A follower that only knows of a leader grants it: otherwise two that lost the leader would send each other
   back to it for ever (KIP-996, KAFKA-17641). *)
AskPreVote(s, t) ==
  /\ role[s] = "Prospective" /\ Linked(s, t) /\ epoch[t] <= epoch[s] /\ t \notin granted[s] \cup refused[s]
  /\ LET older  == epoch[t] < epoch[s]
         refuse == ~older /\ (role[t] = "Leader" \/ (role[t] = "Follower" /\ (heard[t] \/ Bug("FollowersRefuse"))))
         won    == Place("Candidate", epoch[s] + 1, Nobody, s)
         moved  == Place("Unattached", epoch[s], Nobody, Nobody)
     IN IF refuse /\ leader[t] # s
          THEN Move([x \in {s} |-> Place("Follower", epoch[s], leader[t], voted[s])])
        ELSE IF older /\ ~Majority(granted[s] \cup {s, t})
          THEN /\ role'    = [role    EXCEPT ![t] = "Unattached"]
               /\ epoch'   = Close([epoch EXCEPT ![t] = epoch[s]])
               /\ leader'  = [leader  EXCEPT ![t] = Nobody]
               /\ voted'   = [voted   EXCEPT ![t] = Nobody]
               /\ heard'   = [heard   EXCEPT ![t] = FALSE]
               /\ granted' = [granted EXCEPT ![t] = {}, ![s] = @ \cup {t}]
               /\ refused' = [refused EXCEPT ![t] = {}]
        ELSE Count(s, t, ~refuse, IF older THEN (s :> won @@ t :> moved) ELSE (s :> won))
  /\ UNCHANGED <<down, calm, cuts>>

(* Asks for a vote, and leads when that makes a majority.  Raft 5.2. *)
AskVote(s, t) ==
  /\ role[s] = "Candidate" /\ Linked(s, t) /\ epoch[t] <= epoch[s] /\ t \notin granted[s] \cup refused[s]
  /\ LET older == epoch[t] < epoch[s]
         yes   == older \/ (leader[t] = Nobody /\ voted[t] \in {Nobody, s})
         gave  == Place("Unattached", epoch[s], Nobody, s)
         won   == Place("Leader", epoch[s], s, s)
     IN IF yes
          THEN IF Majority(granted[s] \cup {s, t}) THEN Move(s :> won @@ t :> gave)
               ELSE /\ role'    = [role    EXCEPT ![t] = "Unattached"]
                    /\ epoch'   = Close([epoch EXCEPT ![t] = epoch[s]])
                    /\ leader'  = [leader  EXCEPT ![t] = Nobody]
                    /\ voted'   = [voted   EXCEPT ![t] = s]
                    /\ heard'   = [heard   EXCEPT ![t] = FALSE]
                    /\ granted' = [granted EXCEPT ![t] = {}, ![s] = @ \cup {t}]
                    /\ refused' = [refused EXCEPT ![t] = {}]
          ELSE IF leader[t] \notin {Nobody, s} THEN Move([x \in {s} |-> Place("Follower", epoch[s], leader[t], voted[s])])
          ELSE Count(s, t, FALSE, << >>)
  /\ UNCHANGED <<down, calm, cuts>>

(* The leader announces itself (BeginQuorumEpoch). *)
Announce(l, t) ==
  /\ Announces(l, t)
  /\ Become(t, "Follower", epoch[l], l, IF epoch[t] = epoch[l] THEN voted[t] ELSE Nobody)
  /\ UNCHANGED <<down, calm, cuts>>

(* A leader that meets a newer epoch, in a request or an answer, has been replaced. *)
MeetNewerEpoch(l, t) ==
  /\ role[l] = "Leader" /\ Linked(l, t) /\ epoch[t] > epoch[l]
  /\ Move([x \in {l} |-> Told(t)])
  /\ UNCHANGED <<down, calm, cuts>>

(* A follower fetches: now it has heard from the leader. *)
Fetch(s) ==
  /\ role[s] = "Follower" /\ ~heard[s] /\ Linked(s, leader[s]) /\ Leads(leader[s], epoch[s])
  /\ heard' = [heard EXCEPT ![s] = TRUE]
  /\ UNCHANGED <<role, epoch, voted, leader, granted, refused, down, calm, cuts>>

-----------------------------------------------------------------------------

(* A majority whose members all reach each other. *)
Connected == \E q \in SUBSET Server : Majority(q) /\ \A s, t \in q : s = t \/ Linked(s, t)

(* Somebody leads, and a majority hears from it. *)
Settled ==
  \E l \in Server :
    /\ role[l] = "Leader"
    /\ Majority({l} \cup {s \in Server : /\ role[s] = "Follower" /\ heard[s] /\ Linked(s, l)
                                        /\ leader[s] = l /\ epoch[s] = epoch[l]})

(* The network becomes another one.  Model: at first all but the leader are alike, so of networks that differ only by names one is
   taken. *)
Renamed(links, p) == {{p[s] : s \in l} : l \in links}
Networks ==
  LET names == {p \in Permutations(Server) : p[First] = First}
  IN {CHOOSE n \in alike : TRUE : alike \in {{Renamed(links, p) : p \in names} : links \in SUBSET Links}}
Change ==
  /\ cuts > 0 /\ cuts' = cuts - 1 /\ calm' = FALSE
  /\ \E links \in IF cuts = MaxCut THEN Networks ELSE SUBSET Links : links # down /\ down' = links
  /\ UNCHANGED <<role, epoch, voted, leader, heard, granted, refused>>

(* Model: calm begins, and ends. *)
Calm ==
  /\ ~calm /\ calm' = TRUE
  /\ UNCHANGED <<role, epoch, voted, leader, heard, granted, refused, down, cuts>>
CalmEnds ==
  /\ calm /\ Settled /\ ~Busy /\ calm' = FALSE
  /\ UNCHANGED <<role, epoch, voted, leader, heard, granted, refused, down, cuts>>

Init ==
  /\ role    = [s \in Server |-> IF s = First THEN "Leader" ELSE "Follower"]
  /\ epoch   = [s \in Server |-> 0]
  /\ voted   = [s \in Server |-> IF s = First THEN First ELSE Nobody]
  /\ leader  = [s \in Server |-> First]
  /\ heard   = [s \in Server |-> s # First]
  /\ granted = [s \in Server |-> {}]
  /\ refused = [s \in Server |-> {}]
  /\ down = {} /\ calm = FALSE /\ cuts = MaxCut

Moves ==
  \/ \E s \in Server : StartElection(s)
  \/ \E s \in Server : ElectionTimesOut(s)
  \/ \E s \in Server : CheckQuorum(s)
  \/ \E s, t \in Server : MeetNewer(s, t)
  \/ \E s, t \in Server : AskPreVote(s, t)
  \/ \E s, t \in Server : AskVote(s, t)
  \/ \E l, t \in Server : Announce(l, t)
  \/ \E l, t \in Server : MeetNewerEpoch(l, t)
  \/ \E s \in Server : Fetch(s)
  \/ Change
Next == Moves \/ Calm \/ CalmEnds

(* A timer that can go off again and again does, leaders count who fetches, what is sent arrives and is answered. *)
Receives(s) ==
  \/ Fetch(s)
  \/ \E t \in Server : MeetNewer(s, t) \/ AskPreVote(s, t) \/ AskVote(s, t) \/ Announce(t, s) \/ MeetNewerEpoch(s, t)
Fairness ==
  \A s \in Server : SF_vars(StartElection(s) \/ ElectionTimesOut(s)) /\ WF_vars(CheckQuorum(s)) /\ WF_vars(Receives(s))

Spec == Init /\ [][Next]_vars /\ Fairness /\ WF_vars(Calm)

(* Without calm nobody need ever stay leader, though each kind of message is fair by itself, and votes are not split for ever (a
   candidate that could again and again be granted a vote is granted one): two servers that both ask for pre-votes before they hear of
   the leader elected meanwhile can depose each other for ever.  The model "duel". *)
UnluckySpec ==
  /\ Init /\ [][Moves]_vars
  /\ \A s \in Server : WF_vars(StartElection(s)) /\ WF_vars(ElectionTimesOut(s)) /\ WF_vars(CheckQuorum(s)) /\ WF_vars(Fetch(s))
  /\ \A s \in Server : /\ WF_vars(\E t \in Server : MeetNewer(s, t)) /\ WF_vars(\E t \in Server : MeetNewerEpoch(s, t))
                       /\ WF_vars(\E t \in Server : AskPreVote(s, t)) /\ WF_vars(\E t \in Server : AskVote(s, t))
                       /\ WF_vars(\E l \in Server : Announce(l, s))
                       /\ SF_vars(\E t \in Server : AskVote(s, t) /\ (role'[s] = "Leader" \/ granted'[s] # granted[s]))

-----------------------------------------------------------------------------

TypeOK ==
  /\ role \in [Server -> {"Unattached", "Follower", "Prospective", "Candidate", "Leader", "Resigned"}]
  /\ epoch \in [Server -> 0..(2 * Cardinality(Server))]
  /\ voted \in [Server -> Server \cup {Nobody}] /\ leader \in [Server -> Server \cup {Nobody}]
  /\ heard \in [Server -> BOOLEAN] /\ down \subseteq Links /\ calm \in BOOLEAN

(* Whoever is not busy has nothing to receive. *)
QuietIsToHaveNothing ==
  Busy <=> \/ \E s, t \in Server : \/ ENABLED MeetNewer(s, t) \/ ENABLED AskPreVote(s, t) \/ ENABLED AskVote(s, t)
                                   \/ ENABLED Announce(s, t) \/ ENABLED MeetNewerEpoch(s, t)
           \/ \E s \in Server : ENABLED Fetch(s)

OneLeader == \A s, t \in Server : role[s] = "Leader" /\ role[t] = "Leader" /\ epoch[s] = epoch[t] => s = t

(* When a majority stays connected, in the end it has a leader and keeps it. *)
LeaderEventually == <>[]Connected => <>[]Settled

(* Nobody asks for pre-votes for ever. *)
NotStuckProspective == \A s \in Server : []<>(role[s] # "Prospective")

(* A leader that no majority can reach stops leading, or can be reached again. *)
CutOff(s) == role[s] = "Leader" /\ 2 * Cardinality(Peers(s)) + 2 <= Cardinality(Server)
StaleLeaderResigns == \A s \in Server : []<>~CutOff(s)

(* What can be reached. *)
AnotherLeads     == \E s \in Server : s # First /\ role[s] = "Leader" /\ Settled
LeaderHasStopped == role[First] = "Resigned"
SentBack         == \E s \in Server : role[s] = "Follower" /\ ~heard[s] /\ ~Linked(s, leader[s]) /\ cuts = 0
TwoCandidates    == \E s, t \in Server : s # t /\ role[s] = "Candidate" /\ role[t] = "Candidate" /\ epoch[s] = epoch[t]
StaleLeader      == \E s, t \in Server : role[s] = "Leader" /\ role[t] = "Leader" /\ epoch[s] < epoch[t]
=============================================================================
