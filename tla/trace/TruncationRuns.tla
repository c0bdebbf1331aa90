------------------------- MODULE TruncationRuns -------------------------
(* Runs of Truncation that TLC is asked for: each invariant says that there is none, and the counterexample is one.        *)
EXTENDS Truncation

NoneCutsTwice       == ~(cuts.made = 2 /\ log.follower = log.leader /\ committed > 0)
NoneWritesMeanwhile == ~(HasCut /\ HasWhatWasJustWritten /\ log.follower = log.leader /\ Len(agreed) > 1 /\ highWatermark > 0)
NoneCutsEverything  == ~(HasCut /\ Len(agreed) = 0 /\ Len(log.leader) = 4 /\ log.follower = log.leader)
=======================================================================
