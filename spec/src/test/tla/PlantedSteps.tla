-------------------------- MODULE PlantedSteps --------------------------
EXTENDS Naturals
VARIABLE m
Start == m = 0
Step  == m' = m + 1 \/ m' = 0
Spec  == Start /\ [][Step]_m
=======================================================================
