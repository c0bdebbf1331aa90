------------------------- MODULE CommittedLog -------------------------
(* What a replicated log promises, whoever replicates it and however: it only grows at its end, what was acknowledged is  *)
(* in it, and who reads it reads its records in its order, none twice and none left out.                                  *)
(*                                                                                                                        *)
(* Every protocol here implements Promise, which TLC checks: what was committed is log, what clients were told is acked.  *)
(* A step of a protocol may commit, acknowledge and deliver much at once, so Promise says what a step may do, not how     *)
(* small it is. Spec takes the smallest steps; it is here to show that Promise can be kept and that nothing is promised   *)
(* by accident.                                                                                                           *)
EXTENDS Logs

CONSTANTS
  Value,     \* what is written
  Reader     \* who reads

VARIABLES
  log,       \* what was committed, in order
  acked,     \* the values that were acknowledged
  received   \* for each reader, what it was given
vars == <<log, acked, received>>

TypeOK ==
  /\ log \in Seq(Value)
  /\ acked \subseteq Value
  /\ received \in [Reader -> Seq(Value)]

Init ==
  /\ log = <<>>
  /\ acked = {}
  /\ received = [r \in Reader |-> <<>>]

---------------------------------------------------------------------------
(* Smallest steps. *)

Commit(v) ==
  /\ log' = Append(log, v)
  /\ UNCHANGED <<acked, received>>

Ack(v) ==
  /\ v \in Range(log)
  /\ acked' = acked \cup {v}
  /\ UNCHANGED <<log, received>>

Read(r) ==
  /\ Len(received[r]) < Len(log)
  /\ received' = [received EXCEPT ![r] = Append(@, log[Len(@) + 1])]
  /\ UNCHANGED <<log, acked>>

Next == (\E v \in Value : Commit(v) \/ Ack(v)) \/ (\E r \in Reader : Read(r))

Spec == Init /\ [][Next]_vars

---------------------------------------------------------------------------
(* The laws. *)

AckedIsCommitted == acked \subseteq Range(log)

ReadersReadTheLog == \A r \in Reader : IsPrefix(received[r], log)

OnlyGrows == [][IsPrefix(log, log')]_log

NothingIsTakenBack == [][acked \subseteq acked' /\ \A r \in Reader : IsPrefix(received[r], received'[r])]_<<acked, received>>

(* The laws as what others refine: first nothing was said, then each step keeps to them. *)
Kept ==
  /\ IsPrefix(log, log')
  /\ acked \subseteq acked' /\ acked' \subseteq Range(log')
  /\ \A r \in Reader : IsPrefix(received[r], received'[r]) /\ IsPrefix(received'[r], log')

Promise == Init /\ [][Kept]_vars

---------------------------------------------------------------------------
(* For the model: how long a log it looks at, and states that it has to come to. *)

ShortLog == Len(log) <= 4
AckedOutOfOrder == Len(log) > 1 /\ log[2] \in acked /\ log[1] \notin acked
ReadersApart == \E r, s \in Reader : Len(received[r]) + 2 <= Len(received[s])
ReadBeforeAcked == \E r \in Reader : received[r] # <<>> /\ acked = {}
=======================================================================
