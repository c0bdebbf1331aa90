---------------------------- MODULE Witness ----------------------------
(* Which states were reached. Nobody extends this by hand: the runner writes a module around the one it checks, and that  *)
(* does. The operators are Java, io.odradek.spec.tlc.Witness; what stands here is evaluated when that is not on the class  *)
(* path, where it must not pass for an answer.                                                                            *)
LOCAL INSTANCE TLC

(* A state called name was seen before. *)
WitnessHas(name) == Assert(FALSE, <<"Witness is Java, and it is not there", name>>)

(* This is a state called name. *)
WitnessAdd(name) == Assert(FALSE, <<"Witness is Java, and it is not there", name>>)
=======================================================================
