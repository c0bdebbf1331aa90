---------------------------- MODULE CommittedLog ----------------------------
(* What a replicated log promises, whoever replicates it: records are committed at its end and never change, what is
   acknowledged is in it, and a consumer reads it in order, from its beginning, without a step back.                   *)
EXTENDS Integers, Sequences
CONSTANT Consumer
VARIABLES log,       \* the committed records
          acked,     \* ids of the records whose producers were told that they are safe
          position   \* how far each consumer has read

vars == <<log, acked, position>>

IsPrefix(s, t) == Len(s) <= Len(t) /\ SubSeq(t, 1, Len(s)) = s

Init == log = <<>> /\ acked = {} /\ position = [c \in Consumer |-> 0]

Ids(s) == {s[i].id : i \in 1..Len(s)}

(* Records are committed, and some or none of those committed are acknowledged with them or later. *)
Commit ==
  /\ IsPrefix(log, log')
  /\ acked \subseteq acked' /\ acked' \subseteq Ids(log')
  /\ UNCHANGED position

Read(c) ==
  /\ position'[c] \in position[c]..Len(log)
  /\ position' = [position EXCEPT ![c] = position'[c]]
  /\ UNCHANGED <<log, acked>>

Next == Commit \/ \E c \in Consumer : Read(c)
Spec == Init /\ [][Next]_vars
=============================================================================
