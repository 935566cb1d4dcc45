package agent

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/internal/testenv"
)

// Every example of a connection in the guide for agents is one that can be used as it stands, and every connection has one.
func TestForbindelserIGuiden(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../docs/agent.md")
	maa(t, err)
	_, afsnit, _ := strings.Cut(string(b), "## Forbindelser\n")
	afsnit, _, _ = strings.Cut(afsnit, "\n## ")
	vist := map[string][]string{}
	noegle, _ := testenv.SSHKey(t) // one that is a key where a key is wanted, and a password elsewhere
	env := connector.Env{Secret: func(string) (string, error) { return noegle, nil }}
	kort := "sag"
	for i, blok := range strings.Split(afsnit, "```yaml\n")[1:] {
		blok, _, _ = strings.Cut(blok, "```")
		if rest, ok := strings.CutPrefix(blok, "map: "); ok { // for the connection after it; those without one have a map of their own
			kort, _, _ = strings.Cut(rest, "\n")
			fil, err := os.ReadFile("testdata/maps/" + kort + ".yaml")
			if maa(t, err); string(fil) != blok {
				t.Errorf("example %d is not testdata/maps/%s.yaml, which the tests use", i+1, kort)
			}
			continue
		}
		vej, _, _ := strings.Cut(blok, ":\n")
		_, type_, _ := strings.Cut(blok, "  type: ")
		type_, _, _ = strings.Cut(type_, "\n")
		vist[vej] = append(vist[vej], type_)
		spec, problemer := load(t, agentMed(vej, blok, kort))
		kort = "sag"
		if len(problemer) > 0 {
			t.Errorf("example %d (%s: %s):\n%s", i+1, vej, type_, vis(problemer))
			continue
		}
		if err := aabn(spec, env); err != nil {
			t.Errorf("example %d (%s: %s): %v", i+1, vej, type_, err)
		}
	}
	for vej, typer := range map[string]string{"from": kildetyper, "to": sinktyper} {
		for _, type_ := range strings.Fields(strings.NewReplacer(",", "", " eller ", " ").Replace(typer)) {
			if !slices.Contains(vist[vej], type_) {
				t.Errorf("the guide has no example of %s: {type: %s}", vej, type_)
			}
		}
	}
}

// aabn makes the agent's connections, which calls nobody.
func aabn(s *Spec, env connector.Env) error {
	var c io.Closer
	var err error
	if len(s.Sources) > 0 {
		c, err = s.Sources[0].open(s, env)
	} else {
		c, err = s.Sinks[0].open(s, env)
	}
	if err != nil {
		return err
	}
	return c.Close()
}

// agentMed is an agent with one connection, and a map of testdata/maps.
func agentMed(vej, blok, kort string) string {
	hoved := "agent: eksempel\nsystem: Eksempel\nacts_as: mox\n"
	switch vej {
	case "from":
		hoved += "sources:\n  - name: sager\n    start: baseline\n    key: NR\n"
	case "to":
		hoved += "sinks:\n  - name: svar\n    filter: {objekttype: Sag}\n"
	}
	return hoved + "    map: maps/" + kort + ".yaml\n    " + strings.ReplaceAll(strings.TrimSpace(blok), "\n", "\n    ") + "\n"
}
