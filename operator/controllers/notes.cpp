#include "controllers/notes.hpp"

namespace controllers {
namespace {

kube::Resource ResourceOf(engine::Note::On kind) {
    switch (kind) {
        case engine::Note::On::Database:
            return kube::kDatabases;
        case engine::Note::On::Migration:
            return kube::kMigrations;
        case engine::Note::On::Job:
            return kube::kJobs;
        case engine::Note::On::CronJob:
            return kube::kCronJobs;
        case engine::Note::On::Deployment:
            break;
    }
    return kube::kDeployments;
}

}  // namespace

void Send(const std::vector<engine::Note>& notes, runtime::EventRecorder& recorder, runtime::Observer& observer) {
    for (const auto& note : notes) {
        observer.Log(note.warning ? runtime::LogLevel::kWarning : runtime::LogLevel::kInfo, note.text,
                     {{"kind", std::string(ResourceOf(note.kind).kind)},
                      {"namespace", note.object.ns},
                      {"name", note.object.name},
                      {"reason", note.reason}});
        recorder.Record({.regarding = {.resource = ResourceOf(note.kind), .key = note.object, .uid = note.uid},
                         .type = note.warning ? runtime::EventType::kWarning : runtime::EventType::kNormal,
                         .reason = std::string(note.reason),
                         .note = note.text});
    }
}

}  // namespace controllers
