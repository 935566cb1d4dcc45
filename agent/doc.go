// Package agent runs declarative MOX-agents: one system, one YAML file, one user it acts as. An agent reads what happened
// in its system and hands it in as beskeder (sources), and brings others' beskeder into its system (sinks). It keeps no
// state of its own: what it knows and where it has read to is in the distributor, in the transaction that made it true.
//
// The seven duties of a MOX-agent (spec: mox 17): subscribe (the sink's filter), receive (Hent), translate (map), do (the
// sink's call), form and translate the answer (answer.besked), deliver it (Done).
package agent
