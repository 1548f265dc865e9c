// The JSON that the mxpress command prints: one object per line, numbers as numbers.
#pragma once

#include <boost/json/object.hpp>
#include <iosfwd>

namespace google::protobuf {
class Message;
}

namespace mxpress::mta::cli {

// Contains every field that is not a message, even with its default, and each message that is set, in the order and with the names of the
// .proto file. Enumerations are names, octets are text. Unlike protobuf's own JSON, which quotes them, 64-bit integers are numbers.
boost::json::object to_json(const google::protobuf::Message& message);

// Prints the object and a line end.
void print_json(std::ostream& out, const boost::json::object& object);
void print_json(std::ostream& out, const google::protobuf::Message& message);

}  // namespace mxpress::mta::cli
