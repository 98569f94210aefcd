// Package system serves what anyone may know of the server: that it lives, and which version it is.
package system

import (
	"context"
	"runtime"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
)

// Facts are what the area tells.
type Facts struct {
	Version string
	Started time.Time
	Now     func() time.Time
	// Container tells that the server runs in one; Deployment is the contract's word for how it was started.
	Container  bool
	Deployment string
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
