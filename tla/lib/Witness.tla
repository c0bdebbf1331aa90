---------------------------- MODULE Witness ----------------------------
(* Which states were reached and which actions were taken. Never extended by hand: the runner writes a module around the *)
(* one it checks, and that extends this. The operators are Java, io.odradek.spec.tlc.Witness; what stands here is        *)
(* evaluated when that is not on the class path, where it must not pass for an answer.                                   *)
LOCAL INSTANCE TLC

(* On every state, before anything else is asked of it. *)
WitnessBegin == Assert(FALSE, "Witness is Java, and it is not there")

(* A state called name was seen before. *)
WitnessHas(name) == Assert(FALSE, <<"Witness is Java, and it is not there", name>>)

(* This is a state called name. *)
WitnessAdd(name) == Assert(FALSE, <<"Witness is Java, and it is not there", name>>)
=======================================================================
