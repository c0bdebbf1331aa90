------------------------------ MODULE Rehearsal ------------------------------
(***************************************************************************)
(* Specifies nothing. It asks TLC for most of what models ask, within a    *)
(* few hundred states: the JVM that goes through it writes down what it    *)
(* has loaded, for those that are started for models.                      *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANT Nodes

VARIABLES log, sent, voted

vars == <<log, sent, voted>>

Epochs == 1..2

Records == [epoch : Epochs, by : Nodes]

Init ==
    /\ log = [n \in Nodes |-> <<>>]
    /\ sent = {}
    /\ voted = [n \in Nodes |-> 0]

Write(n) ==
    /\ Len(log[n]) < 2
    /\ \E e \in Epochs : log' = [log EXCEPT ![n] = Append(@, [epoch |-> e, by |-> n])]
    /\ UNCHANGED <<sent, voted>>

Send(n) ==
    /\ log[n] # <<>>
    /\ LET last == log[n][Len(log[n])] IN
        /\ last \notin sent
        /\ sent' = sent \cup {last}
    /\ UNCHANGED <<log, voted>>

Latest(records) == CHOOSE e \in {r.epoch : r \in records} : \A r \in records : r.epoch <= e

Vote(n) ==
    LET others == {r \in sent : r.by # n} IN
    /\ others # {}
    /\ IF Latest(others) > voted[n] THEN voted' = [voted EXCEPT ![n] = Latest(others)] ELSE FALSE
    /\ UNCHANGED <<log, sent>>

Next == \E n \in Nodes : Write(n) \/ Send(n) \/ Vote(n)

Spec == Init /\ [][Next]_vars /\ WF_vars(Next)

TypeOK ==
    /\ log \in [Nodes -> Seq(Records)]
    /\ sent \subseteq Records
    /\ voted \in [Nodes -> Epochs \cup {0}]

Counted == Cardinality(sent) <= Cardinality(Records)

OnlyGrows == [][\A n \in Nodes : SubSeq(log'[n], 1, Len(log[n])) = log[n]]_vars

Sends == <>(sent # {})

HasVoted == \A n \in DOMAIN voted : voted[n] > 0
==============================================================================
