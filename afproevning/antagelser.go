package afproevning

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/app"
)

// Antagelse is something an agent takes for granted about its system, as it was found before the first besked.
type Antagelse struct {
	Agent  string `json:"agent"`
	System string `json:"system"`
	agent.Livetjek
}

func (a Antagelse) String() string {
	s := fmt.Sprintf("agenten %s, %s, %s: %s", a.Agent, a.Del, a.Hvad, a.Tekst)
	if a.Raad != "" {
		s += " (" + a.Raad + ")"
	}
	return s
}

// antagelser tries each agent's assumptions against its system, as mox agent check --live does. One that does not hold ends
// the trial: what came of it would say nothing about MOX.
func (k *koersel) antagelser(ctx context.Context) error {
	var brudte []string
	for _, i := range k.installationer {
		c, err := app.LaesConfig(i.dir)
		if err != nil {
			return err
		}
		for _, fil := range c.Agenter {
			fundet, err := proevAgent(ctx, filepath.Join(i.dir, fil))
			if err != nil {
				return err
			}
			for _, a := range fundet {
				a.Tekst = k.udenMapper(a.Tekst)
				k.bevis.Antagelser = append(k.bevis.Antagelser, a)
				if a.Lys == agent.Roed {
					brudte = append(brudte, a.String())
				}
			}
		}
	}
	if len(brudte) > 0 {
		return mox.E("afproevning", mox.KodeUtilgaengelig, "en antagelse om et system holder ikke: %s", strings.Join(brudte, "; ")).Med("ret agentens fil, eller systemet, og kør afprøvningen igen")
	}
	return nil
}

func proevAgent(ctx context.Context, fil string) (ud []Antagelse, err error) {
	spec, problemer := agent.Load(fil)
	if spec == nil {
		return nil, app.Problemer(problemer)
	}
	a, err := agent.New(spec, nil, agent.Options{})
	if err != nil {
		return nil, err
	}
	for _, l := range a.Live(ctx) {
		ud = append(ud, Antagelse{spec.Agent, spec.System, l})
	}
	return ud, a.Close()
}
