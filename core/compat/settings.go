package compat

// SettingKind is the JSON type of a setting.
type SettingKind string

// The kinds.
const (
	SettingBool   SettingKind = "bool"
	SettingInt    SettingKind = "int"
	SettingText   SettingKind = "text"
	SettingObject SettingKind = "object"
)

// Setting is one field of the system settings document.
type Setting struct {
	Name string
	Kind SettingKind
	// Default is shown while nothing is stored; nil leaves the field out.
	Default any
	// Min and Max bound a number; Zero allows 0 besides.
	Min, Max int64
	Zero     bool
	// Words are the values that a text may have; nil for any.
	Words []string
	// Networks is a text that lists networks in CIDR notation, Origins one that lists sites; Any allows "*" instead.
	Networks, Origins, Any bool
	// Keeps is a text that an empty value leaves as it is.
	Keeps bool
	// Fixed cannot be set here: it is told and ignored.
	Fixed bool
}

// Settings returns the fields of the document in their order.
func Settings() []Setting {
	const day = 86400
	return []Setting{
		{Name: "pvePollingInterval", Kind: SettingInt, Default: 10, Min: 10, Max: 3600},
		{Name: "pbsPollingInterval", Kind: SettingInt, Default: 60, Min: 10, Max: 3600},
		{Name: "pmgPollingInterval", Kind: SettingInt, Default: 60, Min: 10, Max: 3600},
		{Name: "backupPollingInterval", Kind: SettingInt, Default: 0, Min: 10, Max: 7 * day, Zero: true},
		{Name: "backupPollingEnabled", Kind: SettingBool, Default: true},
		{Name: "adaptivePollingEnabled", Kind: SettingBool, Fixed: true},
		{Name: "adaptivePollingBaseInterval", Kind: SettingInt, Fixed: true},
		{Name: "adaptivePollingMinInterval", Kind: SettingInt, Fixed: true},
		{Name: "adaptivePollingMaxInterval", Kind: SettingInt, Fixed: true},
		{Name: "frontendPort", Kind: SettingInt, Fixed: true},
		{Name: "allowedOrigins", Kind: SettingText, Origins: true, Any: true},
		{Name: "connectionTimeout", Kind: SettingInt, Min: 0, Max: 300},
		{Name: "updateChannel", Kind: SettingText, Words: []string{"stable", "rc"}, Keeps: true},
		{Name: "autoUpdateEnabled", Kind: SettingBool, Default: false},
		{Name: "autoUpdateCheckInterval", Kind: SettingInt, Min: 0, Max: 168},
		{Name: "autoUpdateTime", Kind: SettingText, Keeps: true},
		{Name: "logLevel", Kind: SettingText, Fixed: true},
		{Name: "discoveryEnabled", Kind: SettingBool, Default: false},
		{Name: "discoverySubnet", Kind: SettingText, Keeps: true},
		{Name: "discoveryConfig", Kind: SettingObject, Default: map[string]any{"enable_reverse_dns": true, "scan_gateways": true}},
		{Name: "theme", Kind: SettingText, Words: []string{"light", "dark"}, Keeps: true},
		{Name: "fullWidthMode", Kind: SettingBool, Default: false},
		{Name: "allowEmbedding", Kind: SettingBool, Default: false},
		{Name: "allowedEmbedOrigins", Kind: SettingText, Origins: true},
		{Name: "temperatureMonitoringEnabled", Kind: SettingBool, Default: true},
		{Name: "dnsCacheTimeout", Kind: SettingInt, Fixed: true},
		{Name: "sshPort", Kind: SettingInt, Min: 1, Max: 65535},
		{Name: "webhookAllowedPrivateCIDRs", Kind: SettingText, Networks: true},
		{Name: "hideLocalLogin", Kind: SettingBool, Default: false},
		{Name: "publicURL", Kind: SettingText},
		{Name: "metricsRetentionRawHours", Kind: SettingInt, Fixed: true},
		{Name: "metricsRetentionMinuteHours", Kind: SettingInt, Fixed: true},
		{Name: "metricsRetentionHourlyDays", Kind: SettingInt, Fixed: true},
		{Name: "metricsRetentionDailyDays", Kind: SettingInt, Fixed: true},
		{Name: "disableDockerUpdateActions", Kind: SettingBool, Default: false},
		{Name: SettingAuditRetention, Kind: SettingInt, Default: 90, Min: 1, Max: 3650},
	}
}

// StateTemperature is the member of the state document that tells the setting of that name.
const StateTemperature = "temperatureMonitoringEnabled"

// SettingAuditRetention is for how many days events of the audit log are kept. The reference keeps 90.
const SettingAuditRetention = "auditRetentionDays"

// The settings of which other sites may call the API from a browser or show the page in a frame.
const (
	SettingOrigins      = "allowedOrigins"
	SettingEmbedding    = "allowEmbedding"
	SettingEmbedOrigins = "allowedEmbedOrigins"
)

// The settings of what looks through networks.
const (
	SettingDiscovery = "discoveryEnabled"
	SettingSubnet    = "discoverySubnet"
	SettingScan      = "discoveryConfig"
)
