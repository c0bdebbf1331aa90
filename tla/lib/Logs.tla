----------------------------- MODULE Logs -----------------------------
(* Pure operators on logs: sequences of records, the first at offset 0. *)
(* An end is exclusive, so the end of a log is its length.              *)
EXTENDS Naturals, Sequences

IsPrefix(s, t) == Len(s) <= Len(t) /\ SubSeq(t, 1, Len(s)) = s

(* One is as far as the other, or further. *)
IsComparable(s, t) == IsPrefix(s, t) \/ IsPrefix(t, s)

Range(s) == {s[i] : i \in DOMAIN s}

Smaller(a, b) == IF a <= b THEN a ELSE b

(* How far two logs agree. *)
AgreedEnd(s, t) ==
  CHOOSE n \in 0 .. Smaller(Len(s), Len(t)) :
    /\ SubSeq(s, 1, n) = SubSeq(t, 1, n)
    /\ n < Smaller(Len(s), Len(t)) => s[n + 1] # t[n + 1]

CutTo(s, end) == SubSeq(s, 1, Smaller(end, Len(s)))
=======================================================================
