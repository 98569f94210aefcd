package compat

// MemberForm is what a member of a metadata document holds.
type MemberForm int

// The forms. An empty text is "", an empty list and a flag that nobody set are null.
const (
	MemberText  MemberForm = iota
	MemberURL              // an absolute http or https address, or empty
	MemberTexts            // a list of texts
	MemberFlag             // true, false or null; it decides something, so it is not set with the document
)

// MetadataMember is a member of the documents of a kind.
type MetadataMember struct {
	Name string
	Form MemberForm
	// Omit leaves the member out while it is empty.
	Omit bool
	// Keep lets an empty value leave the stored one as it is.
	Keep bool
}

// MetadataKind says what people may write about one kind of thing.
type MetadataKind struct {
	Name string
	// Base is the path of all documents; that of one has its id behind it.
	Base string
	// Operation names the kind in the names of operations, and Title for people.
	Operation, Title string
	// WithID puts the id into each document.
	WithID  bool
	Members []MetadataMember
}

// CommandsEnabled is the flag of a host's metadata by which an operator decides whether its agent may run commands.
const CommandsEnabled = "commandsEnabled"

// notes are the members that most documents have.
var notes = []MetadataMember{
	{Name: "customUrl", Form: MemberURL}, {Name: "description"}, {Name: "tags", Form: MemberTexts}, {Name: "notes", Form: MemberTexts},
}

func with(more ...MetadataMember) []MetadataMember {
	return append(append([]MetadataMember{}, notes...), more...)
}

// HostMetadata is what is written about hosts with an agent.
var HostMetadata = MetadataKind{
	Name: "host", Base: "/api/hosts/metadata", Operation: "Host", Title: "hosts", WithID: true,
	Members: with(MetadataMember{Name: CommandsEnabled, Form: MemberFlag}),
}

// MetadataGuest is the kind of metadata about guests.
const MetadataGuest = "guest"

// GuestMetadata is what is written about guests, and about all else that has no kind of its own.
var GuestMetadata = MetadataKind{
	Name: MetadataGuest, Base: "/api/guests/metadata", Operation: "Guest", Title: "guests", WithID: true, Members: with(
		MetadataMember{Name: "lastKnownName", Omit: true, Keep: true}, MetadataMember{Name: "lastKnownType", Omit: true, Keep: true}),
}

// MetadataKinds are all kinds.
func MetadataKinds() []MetadataKind {
	return []MetadataKind{
		GuestMetadata,
		HostMetadata,
		{Name: "docker", Base: "/api/docker/metadata", Operation: "Container", Title: "containers and services", WithID: true, Members: with()},
		{Name: "docker-host", Base: "/api/docker/hosts/metadata", Operation: "ContainerHost", Title: "hosts of containers", Members: []MetadataMember{
			{Name: "customDisplayName", Omit: true, Keep: true}, {Name: "customUrl", Form: MemberURL, Omit: true},
			{Name: "notes", Form: MemberTexts, Omit: true, Keep: true}}},
	}
}
