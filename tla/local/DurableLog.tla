----------------------------- MODULE DurableLog -----------------------------
(* What a replica may assume of its own disk; core/Isr and core/Quorum assume no more, and every module in
   local/ that has a log refines it (WakeUps has threads alone).

   A log grows at its end. Some prefix of it is durable: that much, and no less, was claimed to be on disk ("recoveryPoint" and
   the acknowledgements of topics with durability sync). A crash of process or machine keeps the durable prefix and any part of
   what follows. A truncation is asked for, takes time, and is durable once it has returned: what it removed never comes back
   behind what is appended later. A failed sync ends all claims until the next start. *)
EXTENDS Naturals, Sequences

CONSTANTS
    Entry,     \* what producers send; torn or invented bytes are not in it
    NotCutting \* no offset: no truncation is under way

VARIABLES
    log,     \* what is in the log, oldest first
    durable, \* how many entries of it were claimed to be on disk
    cutting, \* where the truncation that is under way will end the log
    ended    \* a sync has failed since the last start
vars == <<log, durable, cutting, ended>>

IsPrefix(short, long) == Len(short) <= Len(long) /\ SubSeq(long, 1, Len(short)) = short
Smaller(a, b) == IF a < b THEN a ELSE b

Init == log = <<>> /\ durable = 0 /\ cutting = NotCutting /\ ended = FALSE

\* Entries reach the end of the log, several at once when they were written together.
AppendEntries ==
    /\ cutting = NotCutting
    /\ Len(log') > Len(log) /\ IsPrefix(log, log')
    /\ \A n \in Len(log) + 1 .. Len(log') : log'[n] \in Entry
    /\ UNCHANGED <<durable, cutting, ended>>

\* A sync has returned, and what it covered is claimed.
Claim ==
    /\ ~ended
    /\ durable' > durable /\ durable' <= Len(log)
    /\ UNCHANGED <<log, cutting, ended>>

\* A sync has failed.
Fail == ~ended /\ ended' = TRUE /\ UNCHANGED <<log, durable, cutting>>

\* A truncation begins: from now on nothing is claimed of what it removes, which may still be there after a crash.
BeginCut ==
    /\ cutting = NotCutting
    /\ cutting' # NotCutting /\ cutting' \in 0 .. Len(log)
    /\ durable' = Smaller(durable, cutting')
    /\ UNCHANGED <<log, ended>>

\* The truncation returns.
EndCut ==
    /\ cutting # NotCutting
    /\ log' = SubSeq(log, 1, cutting) /\ cutting' = NotCutting
    /\ UNCHANGED <<durable, ended>>

\* The machine or the process stops. What is left is decided now, whenever it is started again; the start makes it durable.
Crash ==
    /\ Len(log') >= durable /\ IsPrefix(log', log)
    /\ durable' \in {durable, Len(log')}
    /\ cutting' = NotCutting /\ ended' = FALSE

\* What was found by a start is claimed when it has been synced: that is Claim.

Next == AppendEntries \/ Claim \/ Fail \/ BeginCut \/ EndCut \/ Crash
Spec == Init /\ [][Next]_vars
Step == Next \/ UNCHANGED vars \* what a module with several logs demands of each of them

TypeOK ==
    /\ \A n \in 1 .. Len(log) : log[n] \in Entry
    /\ durable \in 0 .. Len(log)
    /\ cutting \in {NotCutting} \cup Nat
    /\ ended \in BOOLEAN
=============================================================================
