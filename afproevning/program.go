package afproevning

import (
	"context"
	"io"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/afproevning/systemer/arkiv"
	"github.com/moxkit/mox/afproevning/systemer/blanket"
	"github.com/moxkit/mox/afproevning/systemer/jobcenter"
	"github.com/moxkit/mox/afproevning/systemer/postkasse"
	"github.com/moxkit/mox/afproevning/systemer/postkontor"
	"github.com/moxkit/mox/afproevning/systemer/styring"
	"github.com/moxkit/mox/afproevning/systemer/xmljournal"
	"github.com/moxkit/mox/afproevning/systemer/ydelse"
)

// KoerSystem runs one of the simulated systems until in ends. The error is a [*mox.Error] with [mox.KodeIkkeFundet] where
// there is none of that name.
func KoerSystem(ctx context.Context, navn string, args []string, in io.Reader, out, errOut io.Writer) error {
	programmer := map[string]func(context.Context, styring.Valg) (styring.System, error){
		"arkiv": arkiv.Start, "blanket": blanket.Start, "postkasse": postkasse.Start, "postkontor": postkontor.Start, "byggeansoegning": startByggeri, "jobcenter": jobcenter.Start, "naboer": startNaboer, "nation": startNation, "portal-a": ydelse.StartPortalA, "portal-b": ydelse.StartPortalB, "xmljournal": xmljournal.Start, "ydelse": ydelse.Start,
	}
	start, ok := programmer[navn]
	if !ok {
		return mox.E("afproevning", mox.KodeIkkeFundet, "systemet %q findes ikke", navn)
	}
	return styring.Koer(ctx, start, args, in, out, errOut)
}
