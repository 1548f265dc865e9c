// The subclass of GMimeStream. Pieces are gathered, because GMime writes some of a few octets.
#include "mta/compose/sink_stream.h"

#include <string>

namespace {

using mxpress::mta::compose::Sink;

constexpr std::size_t kPiece = 64 * 1024;

struct SinkStream {
  GMimeStream parent;
  const Sink* sink;
  std::string* gathered;
};

struct SinkStreamClass {
  GMimeStreamClass parent;
};

G_DEFINE_TYPE(SinkStream, sink_stream, GMIME_TYPE_STREAM)

SinkStream* self_of(void* stream) { return static_cast<SinkStream*>(stream); }

int flush(GMimeStream* stream) {
  SinkStream* const self = self_of(stream);
  const bool is_taken = self->gathered->empty() || (*self->sink)(*self->gathered);
  self->gathered->clear();
  return is_taken ? 0 : -1;
}

ssize_t write(GMimeStream* stream, const char* octets, size_t size) {
  SinkStream* const self = self_of(stream);
  self->gathered->append(octets, size);
  stream->position += static_cast<gint64>(size);
  if (self->gathered->size() >= kPiece && flush(stream) != 0) return -1;
  return static_cast<ssize_t>(size);
}

gint64 tell(GMimeStream* stream) { return stream->position; }

void finalize(GObject* object) {
  delete self_of(object)->gathered;
  G_OBJECT_CLASS(sink_stream_parent_class)->finalize(object);
}

void sink_stream_class_init(SinkStreamClass* type) {
  G_OBJECT_CLASS(type)->finalize = finalize;
  type->parent.write = write;
  type->parent.flush = flush;
  type->parent.tell = tell;
}

void sink_stream_init(SinkStream* self) { self->gathered = new std::string; }

}  // namespace

namespace mxpress::mta::compose {

Held<GMimeStream> make_sink_stream(const Sink& sink) {
  auto* const stream = static_cast<SinkStream*>(g_object_new(sink_stream_get_type(), nullptr));
  stream->sink = &sink;
  g_mime_stream_construct(&stream->parent, 0, -1);
  return Held<GMimeStream>(&stream->parent);
}

}  // namespace mxpress::mta::compose
