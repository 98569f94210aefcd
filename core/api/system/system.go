// Package system serves what anyone may know of the server: that it lives, and which version it is.
package system

import (
	"context"
	"runtime"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// Facts are what the area tells.
type Facts struct {
	Version string
	Started time.Time
	Now     func() time.Time
	// Container tells that the server runs in one; Deployment is the contract's word for how it was started.
	Container  bool
	Deployment string
	// Demo tells that all that the server shows is invented.
	Demo bool
}

// Health is the answer of a living server.
type Health struct {
	Status    string  `json:"status"`
	Timestamp int64   `json:"timestamp" help:"Unix seconds."`
	Uptime    float64 `json:"uptime" help:"Seconds since the start."`
	// The reference offers a script and a developer mode that we do not have; its clients expect the members.
	ProxyInstallScriptAvailable bool `json:"proxyInstallScriptAvailable"`
	DevModeSSH                  bool `json:"devModeSSH"`
}

// Version is the version of the server.
type Version struct {
	Version         string `json:"version"`
	Build           string `json:"build"`
	GoVersion       string `json:"goVersion"`
	Runtime         string `json:"runtime"`
	Channel         string `json:"channel"`
	IsDocker        bool   `json:"isDocker"`
	IsSourceBuild   bool   `json:"isSourceBuild"`
	IsDevelopment   bool   `json:"isDevelopment"`
	DeploymentType  string `json:"deploymentType"`
	UpdateAvailable bool   `json:"updateAvailable" help:"Always false: the server asks nobody for updates."`
}

// AgentVersion is what agents compare themselves with.
type AgentVersion struct {
	Version string `json:"version"`
}

// Info is the short form of Version.
type Info struct {
	IsDevelopment bool   `json:"isDevelopment"`
	Version       string `json:"version"`
}

// Routes returns the area's rows.
func Routes(f Facts) []route.Route {
	return []route.Route{
		route.Get("/api/health", "getHealth", "Whether the server lives", f.health).Public().Class("public"),
		route.Get("/api/version", "getVersion", "The server's version", f.version).Public().Class("public"),
		route.Get("/api/agent/version", "getAgentVersion", "The version that agents should replace themselves by; dev means none", f.agent).Public(),
		route.Get("/api/server/info", "getServerInfo", "The server's version in short", f.info).Public(),
		route.Get("/api/system/mock-mode", "getMockMode", "Whether what the server shows is invented", f.mockMode).Admin(auth.ScopeSettingsRead),
		route.Post("/api/system/mock-mode", "changeMockMode", "Answers what is so; it is changed by starting another server", f.changeMockMode).Admin(auth.ScopeSettingsWrite),
		route.Put("/api/system/mock-mode", "replaceMockMode", "The same as POST", f.changeMockMode).Admin(auth.ScopeSettingsWrite),
	}
}

func (f Facts) health(context.Context, route.None) (Health, error) {
	now := f.Now()
	return Health{Status: "healthy", Timestamp: now.Unix(), Uptime: now.Sub(f.Started).Seconds()}, nil
}

// development tells versions that were not released.
func (f Facts) development() bool { return f.Version == "dev" || strings.Contains(f.Version, "-dev") }

func (f Facts) version(context.Context, route.None) (Version, error) {
	build := "release"
	if f.development() {
		build = "development"
	}
	return Version{
		Version: f.Version, Build: build, GoVersion: runtime.Version(), Runtime: "go", Channel: "stable",
		IsDocker: f.Container, IsDevelopment: f.development(), DeploymentType: f.Deployment,
	}, nil
}

// agent answers "dev": the server offers no binaries, and an agent of the reference replaces itself by whatever is
// numerically newer.
func (Facts) agent(context.Context, route.None) (AgentVersion, error) {
	return AgentVersion{Version: "dev"}, nil
}

func (f Facts) info(context.Context, route.None) (Info, error) {
	return Info{IsDevelopment: f.development(), Version: f.Version}, nil
}

// MockMode is whether the world is invented.
type MockMode struct {
	Enabled bool     `json:"enabled"`
	Config  struct{} `json:"config" help:"Always empty: the sizes of the invented world are flags of the demo."`
}

type mockModeIn struct {
	Enabled *bool `json:"enabled"`
}

func (f Facts) mockMode(context.Context, route.None) (MockMode, error) {
	return MockMode{Enabled: f.Demo}, nil
}

// changeMockMode refuses to change it: what is invented never mixes with what is real, not even in the store.
func (f Facts) changeMockMode(ctx context.Context, in mockModeIn) (MockMode, error) {
	if in.Enabled != nil && *in.Enabled != f.Demo {
		return MockMode{}, errs.New(errs.Conflict, "The demo is a server of its own, so that what is invented never mixes with what is real. Start it with: pulse demo")
	}
	return f.mockMode(ctx, route.None{})
}
