#include "kube/transport.hpp"

namespace kube {

std::string_view ToString(Request::Method method) {
    switch (method) {
        case Request::Method::kGet:
            return "GET";
        case Request::Method::kPost:
            return "POST";
        case Request::Method::kPut:
            return "PUT";
        case Request::Method::kPatch:
            return "PATCH";
        case Request::Method::kDelete:
            return "DELETE";
    }
    return "GET";
}

}  // namespace kube
