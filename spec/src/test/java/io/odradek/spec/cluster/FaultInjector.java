package io.odradek.spec.cluster;

import java.util.List;

/** Carries out what a plan says. Decides nothing. */
final class FaultInjector {
    private final Chronicle chronicle;
    private final SimulatedNetwork network;
    private final List<ClusterNode> nodes;

    FaultInjector(Chronicle chronicle, SimulatedNetwork network, List<ClusterNode> nodes) {
        this.chronicle = chronicle;
        this.network = network;
        this.nodes = nodes;
    }

    void carryOut(Fault fault) {
        switch (fault) {
            case Fault.PowerFails(int node, int downMs) -> nodes.get(node).losePower(downMs);
            case Fault.PowerFailsAtDisk(int node, int operations, int downMs) ->
                nodes.get(node).losePowerSoon(operations, downMs);
            case Fault.PowerFailsEverywhere(int downMs) -> {
                said("the power fails everywhere", fault);
                nodes.forEach(node -> node.losePower(downMs));
            }
            case Fault.Killed(int node, int downMs) -> nodes.get(node).down(true, "by somebody", downMs);
            case Fault.Leaves(int node, int downMs) -> nodes.get(node).leaveAndStop(downMs);
            case Fault.WayIsCut(int from, int to) -> {
                said("a way is cut", fault);
                network.cut(from, to);
            }
            case Fault.CutApart(int one, int other) -> {
                said("two nodes are cut off from each other", fault);
                network.cut(one, other);
                network.cut(other, one);
            }
            case Fault.CutOff(int node) -> {
                said("a node is cut off", fault);
                network.isolate(node);
            }
            case Fault.NetworkIsWhole whole -> {
                chronicle.say(whole.toString());
                network.heal();
            }
            case Fault.StandsStill(int node, int ms) -> nodes.get(node).standStill(ms);
            case Fault.DiskIsSlow(int node, int ms) -> nodes.get(node).slowDisk(ms);
            case Fault.SyncFails(int node, int syncs, int downMs) ->
                nodes.get(node).failNextSync(syncs, downMs);
            case Fault.DiskIsFull(int node, int freeBytes, int ms, int downMs) ->
                nodes.get(node).fillDisk(freeBytes, ms, downMs);
            case Fault.ClockIsSet(int node, int offsetMs) -> nodes.get(node).setClock(offsetMs);
        }
    }

    private void said(String what, Fault fault) {
        chronicle.count(what);
        chronicle.say(fault.toString());
    }
}
