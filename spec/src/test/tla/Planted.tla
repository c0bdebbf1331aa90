---------------------------- MODULE Planted ----------------------------
(* Counts up to Top, twice. Whatever a runner has to notice can be switched on. *)
EXTENDS Naturals
CONSTANTS Top, Bugs
VARIABLES n, rounds
vars == <<n, rounds>>

Bug(b) == b \in Bugs

Init == n = 0 /\ rounds = 0

Up    == n < Top /\ n' = n + 1 /\ UNCHANGED rounds
Again == n = Top /\ rounds < 1 /\ n' = 0 /\ rounds' = rounds + 1
Leap  == Bug("Leaps") /\ n = 1 /\ n' = Top + 1 /\ UNCHANGED rounds
Over  == Bug("TurnsBack") /\ n = 1 /\ n' = 0 /\ UNCHANGED rounds
Warns == Bug("Warns") /\ n' = n + 1 /\ UNCHANGED n /\ UNCHANGED rounds

Next == Up \/ Again \/ Leap \/ Over \/ Warns
Spec == Init /\ [][Next]_vars
Fair == Spec /\ WF_vars(Up \/ Again)

(* What it refines: a number that grows by at most Top. *)
Steps == INSTANCE PlantedSteps WITH m <- n

Small     == n <= Top
Tiny      == n < Top
Forward   == [][n' > n \/ rounds' > rounds]_vars
Refines   == Steps!Spec
Arrives   == <>(n = Top /\ rounds = 1)
Stays     == <>[](n = 0)
Top1      == n = Top
NeverSeen == n > Top
=======================================================================
