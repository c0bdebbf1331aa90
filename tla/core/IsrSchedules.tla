---------------------------- MODULE IsrSchedules ----------------------------
(* model: Isr with its first steps prescribed, for what takes too many steps to be found breadth first. After a schedule
   everything may happen again. Since a schedule is made of the protocol's own steps, where it leads is reachable by construction;
   were a step not possible the model would end there, and its number of states with it. *)
EXTENDS Isr, TLC

(* A step: its action, who takes it, and what comes of it where that is open: who leads then, who leaves the ISR, what is left of
   a log. *)
Does(s) ==
  LET r == s[2] IN
  CASE s[1] = "Write"           -> Write(r)
    [] s[1] = "Sync"            -> Sync(r)
    [] s[1] = "Fence"           -> Fence(r) /\ metadata'[Len(metadata')].leader = s[3]
    [] s[1] = "Unfence"         -> Unfence(r) /\ metadata'[Len(metadata')].leader = s[3]
    [] s[1] = "Register"        -> Register(r) /\ metadata'[Len(metadata')].leader = s[3]
    [] s[1] = "ApplyMetadata"   -> ApplyMetadata(r) /\ applied'[r] = applied[r] + 1
    [] s[1] = "ProposeShrink"   -> ProposeShrink(r) /\ s[3] \notin proposal'[r].isr
    [] s[1] = "ProposeExpand"   -> ProposeExpand(r) /\ s[3] \in proposal'[r].isr
    [] s[1] = "AcceptProposal"  -> AcceptProposal(r)
    [] s[1] = "SendFetch"       -> \E x \in Exchange : SendFetch(r, x)
    [] s[1] = "ServeRecords"    -> \E x \in Exchange : ServeRecords(r, x)
    [] s[1] = "ServeDivergence" -> \E x \in Exchange : ServeDivergence(r, x)
    [] s[1] = "TakeRecords"     -> \E x \in Exchange : TakeRecords(r, x)
    [] s[1] = "TakeDivergence"  -> \E x \in Exchange : TakeDivergence(r, x)
    [] s[1] = "Crash"           -> Crash(r) /\ Len(log'[r]) = s[3]

(* The schedules begin with "r1" as the leader. *)
FirstLeads == Init /\ Current.leader = "r1"
Follow(schedule) == TLCGet("level") <= Len(schedule) => Does(schedule[TLCGet("level")])   \* here the level of a first state is 1

(* Follower f fetches what the leader has and acknowledges it. *)
Replicates(f) ==
  << <<"SendFetch", f>>, <<"ServeRecords", f>>, <<"TakeRecords", f>>, <<"SendFetch", f>>, <<"ServeRecords", f>> >>

(* r3 has a record and its next fetch is on its way; it leaves the ISR, and loses the record in a crash. Then the others commit
   it. *)
LateFetch == Follow(
  << <<"Write", "r1">>, <<"SendFetch", "r3">>, <<"ServeRecords", "r3">>, <<"TakeRecords", "r3">>, <<"SendFetch", "r3">>,
     <<"ProposeShrink", "r1", "r3">>, <<"AcceptProposal", "r1">>, <<"ApplyMetadata", "r1">>, <<"Crash", "r3", 0>> >>
  \o Replicates("r2"))

(* r1 has led, has followed r2, and leads again, in epoch 3. r2 does not know, and r3 still takes r1 for the leader of epoch 1. *)
LeaderAgainUnheard == Follow(
  << <<"Fence", "r1", "r2">>, <<"ApplyMetadata", "r2">>, <<"ApplyMetadata", "r1">>, <<"Unfence", "r1", "r2">>,
     <<"SendFetch", "r1">>, <<"ServeRecords", "r1">>, <<"TakeRecords", "r1">>, <<"ProposeExpand", "r2", "r1">>,
     <<"AcceptProposal", "r2">>, <<"Fence", "r2", "r1">>, <<"ApplyMetadata", "r1">>, <<"ApplyMetadata", "r1">>,
     <<"Write", "r1">>, <<"SendFetch", "r3">> >>)

(* r1 and r2 have led, and wrote what nobody has fetched. All were fenced, r1 is the first to come back, leads and writes on. *)
FastFailovers == Follow(
  << <<"Write", "r1">>, <<"Fence", "r1", "r2">>, <<"ApplyMetadata", "r2">>, <<"Write", "r2">>, <<"Fence", "r2", "r3">>,
     <<"Fence", "r3", Nobody>>, <<"ApplyMetadata", "r1">>, <<"ApplyMetadata", "r1">>, <<"ApplyMetadata", "r1">>,
     <<"Unfence", "r1", "r1">>, <<"ApplyMetadata", "r1">>, <<"Write", "r1">>,
     <<"ApplyMetadata", "r2">>, <<"ApplyMetadata", "r2">>, <<"ApplyMetadata", "r2">> >>)

(* A record is committed by three. Then two are fenced, and the leader, which is the last in sync, loses the record in a crash. *)
LastInSync == Follow(
  << <<"Write", "r1">> >> \o Replicates("r2") \o Replicates("r3")
  \o << <<"Fence", "r2", "r1">>, <<"Fence", "r3", "r1">>, <<"Crash", "r1", 0>> >>)

(* r3 has left the ISR; r1 and r2 commit a record; r2 leads before it has heard that the record is committed. *)
LaggingHighWatermark == Follow(
  << <<"ProposeShrink", "r1", "r3">>, <<"AcceptProposal", "r1">>, <<"ApplyMetadata", "r1">>, <<"Write", "r1">> >>
  \o Replicates("r2")
  \o << <<"Fence", "r1", "r2">>, <<"ApplyMetadata", "r2">>, <<"ApplyMetadata", "r2">>, <<"ApplyMetadata", "r3">>,
        <<"ApplyMetadata", "r3">> >>)
=============================================================================
