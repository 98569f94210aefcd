package alerts

import (
	"context"
	"net/http"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/sdk"
)

func severity(text string) sdk.Severity { return sdk.Severity(text) }

// Rules are all rules.
type Rules struct {
	Rules []alert.Rule `json:"rules"`
}

func (a Area) rules(context.Context, route.None) (Rules, error) {
	return Rules{a.Engine.Rules()}, nil
}

type ruleIn struct {
	ID   string     `path:"id"`
	Rule alert.Rule `body:"json"`
}

type newRule struct {
	Rule alert.Rule `body:"json"`
}

func (a Area) addRule(ctx context.Context, in newRule) (route.Reply[alert.Rule], error) {
	in.Rule.ID = ""
	r, err := a.Engine.SaveRule(ctx, in.Rule)
	return route.Reply[alert.Rule]{Status: http.StatusCreated, Body: r}, err
}

func (a Area) changeRule(ctx context.Context, in ruleIn) (alert.Rule, error) {
	in.Rule.ID = in.ID
	return a.Engine.SaveRule(ctx, in.Rule)
}

func (a Area) deleteRule(ctx context.Context, in byPath) (route.None, error) {
	return route.None{}, a.Engine.DeleteRule(ctx, in.ID)
}

// Windows are all maintenance windows.
type Windows struct {
	Windows []alert.Window `json:"windows"`
}

func (a Area) windows(context.Context, route.None) (Windows, error) {
	all := a.Engine.Windows()
	if all == nil {
		all = []alert.Window{}
	}
	return Windows{all}, nil
}

type windowIn struct {
	ID     string       `path:"id"`
	Window alert.Window `body:"json"`
}

type newWindow struct {
	Window alert.Window `body:"json"`
}

func (a Area) addWindow(ctx context.Context, in newWindow) (route.Reply[alert.Window], error) {
	in.Window.ID = ""
	w, err := a.Engine.SaveWindow(ctx, in.Window)
	return route.Reply[alert.Window]{Status: http.StatusCreated, Body: w}, err
}

func (a Area) changeWindow(ctx context.Context, in windowIn) (alert.Window, error) {
	in.Window.ID = in.ID
	return a.Engine.SaveWindow(ctx, in.Window)
}

func (a Area) deleteWindow(ctx context.Context, in byPath) (route.None, error) {
	return route.None{}, a.Engine.DeleteWindow(ctx, in.ID)
}
