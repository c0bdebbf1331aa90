-------------------------- MODULE AtomicController --------------------------
(* What brokers may take the controller for: one process, that never fails, takes one request at a time, decides on all that was
   decided before, and writes its decision down.  Isr is written with this controller; Controller shows that the real one, a
   sequence of machines of which several may believe that they are in charge, is no other.                                    *)
EXTENDS Integers, Sequences
CONSTANT Request   \* requests of brokers: [id, version]; "AlterPartition, from version on"
VARIABLE log       \* decisions: requests that were accepted

(* Each accepted request makes a new version: the partition epoch in Isr. *)
Version(decisions) == Len(decisions)
Accepts(decisions, q) == q.version = Version(decisions)

Init == log = <<>>
Decide(q) == Accepts(log, q) /\ log' = Append(log, q)

(* What becomes visible in one step may be several decisions. *)
Next == /\ Len(log') > Len(log) /\ SubSeq(log', 1, Len(log)) = log
        /\ \A n \in (Len(log) + 1)..Len(log') : log'[n] \in Request /\ Accepts(SubSeq(log', 1, n - 1), log'[n])
Spec == Init /\ [][Next]_log
=============================================================================
